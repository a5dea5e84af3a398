"""Adds up sums, for anybody who looks for an adder rather than for a name.

Usage: python worker.py NAME...      one process for all of them
"""

import sys

from pyro_server import expose, serve

TAG = "example.adder"


@expose
class Adder:
    """Adds numbers up.

    Args:
        name: Of this one.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """Of this one."""
        return self._name

    def add_up(self, numbers: list[int]) -> int:
        """The sum."""
        return sum(numbers)


if __name__ == "__main__":
    serve({Adder(name): f"example.adders.{name}" for name in sys.argv[1:]}, metadata=[TAG])
