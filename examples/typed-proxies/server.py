"""A warehouse. It need not know the interface: what counts is what it offers.

Usage: python server.py
"""

from collections import Counter

from pyro_server import expose, serve


@expose
class Shelves:
    """A warehouse with shelves."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @property
    def items(self) -> int:
        """How many items there are."""
        return self._counts.total()

    def store(self, item: str, count: int = 1) -> int:
        """Store some of an item; gives how many of it there are now."""
        self._counts[item] += count
        return self._counts[item]


if __name__ == "__main__":
    serve({Shelves(): "warehouse"}, use_ns=False)
