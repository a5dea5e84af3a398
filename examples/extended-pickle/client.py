"""Sends functions to where the data is.

Usage: python client.py URI [SERIALIZER]
"""

import os
import sys
from collections.abc import Callable

from pyro_client import ClientSettings, CommunicationError, Proxy, SerializeError

FACTOR = 3


def triple(number: int) -> int:
    """A function of this program, which uses a value of this program; the server has neither."""
    return FACTOR * number


def adder(amount: int) -> Callable[[int], int]:
    """A function with something inside."""

    def add(number: int) -> int:
        return number + amount

    return add


def main(uri: str, serializer: str = "cloudpickle") -> int:
    """Send some functions; gives the exit status."""
    with Proxy(uri, settings=ClientSettings(serializer=serializer)) as runner:
        try:
            print(f"a function: {runner.run(triple, 14)}")
            print(f"a lambda: {runner.run(lambda text: text[::-1], 'stressed')}")
            print(f"a closure: {runner.run(adder(40), 2)}")
            print(f"it ran over there: {runner.run(os.getpid) == runner.process() != os.getpid()}")
            composed = runner.compose(triple, adder(1), str)
            print(f"a function came back, and runs here: {composed(5)!r}")
        except (CommunicationError, SerializeError) as refused:
            print(f"{type(refused).__name__}: {refused}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
