"""A library whose books are made on demand: registered objects that a method returns arrive as proxies.

Usage: python server.py [--copies]
"""

import sys
from typing import Any

from pyro_server import Daemon, current_call, expose, serve


@expose
class Book:
    """A book with notes in its margins, which stays in the server."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._notes: list[str] = []

    @property
    def title(self) -> str:
        """Its title."""
        return self._title

    def annotate(self, note: str) -> int:
        """Write a note; gives how many there are."""
        self._notes.append(note)
        return len(self._notes)


@expose
class Library:
    """Makes books."""

    def new(self, title: str) -> Book:
        """A new book that stays until the server ends."""
        book = Book(title)
        current_call().daemon.register(book)
        return book

    def borrow(self, title: str) -> Book:
        """A new book that is gone when the connection of the client who asked for it ends."""
        book = Book(title)
        current_call().daemon.register(book, session=True)
        return book

    def series(self, *titles: str) -> dict[str, Book]:
        """Several new books in one answer."""
        return {title: self.new(title) for title in titles}

    def unregistered(self, title: str) -> Book:
        """A book that cannot travel: it is not registered, and nobody said how to copy one."""
        return Book(title)

    def read(self, book: Any) -> str:
        """Use a book that came back as an argument."""
        return f"{type(book).__name__} of {book.title!r}"


if __name__ == "__main__":
    with Daemon() as daemon:
        if "--copies" in sys.argv:
            daemon.rules.reference_of = None  # what is registered is copied like everything else
        serve({Library(): None}, daemon=daemon)
