"""A server. Nothing in it is about being observed.

Usage: python warehouse.py
"""

from pyro_server import expose, serve


@expose
class Warehouse:
    """Knows how many there are."""

    def count(self, item: str) -> int:
        """How many of an item there are."""
        return {"cup": 12, "tea": 200}[item]


if __name__ == "__main__":
    serve({Warehouse(): "warehouse"}, use_ns=False)
