"""Gets objects that a server makes on demand.

Usage: python client.py URI
"""

import sys

from pyro_client import Proxy, PyroError, SerializeError


def show(library: Proxy) -> None:
    """Objects that are returned, within a dict, and as an argument."""
    book = library.new("Moby-Dick")
    print(f"got a {type(book).__name__} of {book.title!r}")
    book.annotate("a whale!")
    print(f"its state is in the server: note number {book.annotate('still no whale')}")
    for title, part in library.series("The Hobbit", "The Lord of the Rings").items():
        print(f"within a dict: a {type(part).__name__} of {part.title!r} under {title!r}")
    print(f"back at the server it is a {library.read(book)}")
    try:
        library.unregistered("Ulysses")
    except SerializeError as problem:
        print(f"not registered: {problem}")


def borrow(uri: str) -> None:
    """An object that belongs to the session of its client."""
    with Proxy(uri) as library:
        book = library.borrow("Dune")
        print(f"borrowed: {book.annotate('sand')} note in {book.title!r}")
        library._pyro.release()
        try:
            while True:  # the server notices within a moment
                book.annotate("more sand")
        except PyroError as problem:
            print(f"after the session: {problem}")


if __name__ == "__main__":
    try:
        with Proxy(sys.argv[1]) as proxy:
            show(proxy)
        borrow(sys.argv[1])
    except SerializeError as problem:
        sys.exit(f"the server sends copies, and this one has no class for them here: {problem}")
