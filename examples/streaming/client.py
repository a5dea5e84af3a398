"""Loops over what the server makes, stops early, and sends a stream itself.

Usage: python client.py URI
"""

import sys
import time
from collections.abc import Iterator

from pyro_client import Proxy


def own_words() -> Iterator[str]:
    """Made here, one by one, for a method on the server."""
    for word in ("short", "extraordinary", "long"):
        print(f"    making {word!r}")
        yield word


def main(uri: str) -> None:
    """Show all kinds of streams."""
    with Proxy(uri) as streams:
        for name in ("as_list", "as_iterator", "as_generator"):
            print(f"{name}: {' '.join(getattr(streams, name)())}")

        began = time.monotonic()
        for word in streams.slowly():
            print(f"slowly, after {time.monotonic() - began:.2f} s: {word}")

        try:
            for word in streams.failing():
                print(f"failing: {word}")
        except LookupError as problem:
            print(f"failing: {problem!r}")

        with streams.numbers() as numbers:  # leaving the block tells the server
            for number in numbers:
                if number == 100:
                    break
        made = streams.how_many_numbers()
        print(f"took 100 numbers; the server was ahead: {made >= 100}, but not for ever: {made < 100_000}")

        print(f"the longest of mine: {streams.longest(own_words())}")


if __name__ == "__main__":
    main(sys.argv[1])
