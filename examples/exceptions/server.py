"""A kitchen where everything goes wrong, each time in another way.

Usage: python server.py
"""

import sys
import threading

from kitchen_errors import RULES, SoldOut

from pyro_server import Daemon, expose, serve


class BurntError(ValueError):
    """An exception that only this program knows."""


@expose
class Kitchen:
    """Fails."""

    def divide(self, cakes: int, guests: int) -> float:
        """Raise one of Python's exceptions."""
        return cakes / guests

    def explain(self) -> None:
        """Raise one with a note and a cause."""
        try:
            {}["salt"]
        except KeyError as cause:
            problem = RuntimeError("the soup is a failure")
            problem.add_note("ask for the salad")
            raise problem from cause

    def sold_out(self) -> None:
        """Raise one of our own."""
        raise SoldOut("trout", ["salmon", "soup"])

    def burn(self) -> None:
        """Raise one that clients do not know."""
        raise BurntError("the toast", 300)

    def leave(self) -> None:
        """Raise one that would end a program."""
        sys.exit("the cook has left")

    def hold(self) -> None:
        """Raise one with something in it that cannot travel."""
        raise ValueError("the door is stuck", threading.Lock())

    def serve_lock(self) -> object:
        """Return something that cannot travel."""
        return threading.Lock()


if __name__ == "__main__":
    with Daemon(rules=RULES) as daemon:
        serve({Kitchen(): "example.exceptions"}, daemon=daemon)
