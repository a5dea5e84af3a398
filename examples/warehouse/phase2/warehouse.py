"""Phase 2: the same warehouse in a program of its own.

Usage: python warehouse.py
"""

import threading

from pyro_server import expose, serve


@expose  # new: what is public in the class may be called from afar
class Warehouse:
    """A stock of things."""

    def __init__(self) -> None:
        self._stock = ["chair", "bike", "flashlight", "laptop", "couch"]
        self._lock = threading.Lock()  # new: visitors come at the same time

    def contents(self) -> list[str]:
        """What is in stock."""
        with self._lock:
            return list(self._stock)

    def take(self, visitor: str, item: str) -> str:
        """Hand out one item.

        Raises:
            LookupError: If it is not in stock.
        """
        with self._lock:
            if item not in self._stock:
                raise LookupError(f"there is no {item} in the warehouse, {visitor}")
            self._stock.remove(item)
        print(f"{visitor} took the {item}", flush=True)
        return item

    def store(self, visitor: str, item: str) -> int:
        """Put one item in; gives how many things are in stock now."""
        with self._lock:
            self._stock.append(item)
            count = len(self._stock)
        print(f"{visitor} stored the {item}", flush=True)
        return count


if __name__ == "__main__":
    serve({Warehouse(): "warehouse"}, use_ns=False)  # new
