"""The warehouse: one object in this process, shared by visitors in others.

Run a name server first (``pyro-cli ns serve``), then this, then ``visit.py``.
"""

import threading

from pyro_server import behavior, expose, serve

NAME = "example.warehouse"


@behavior(instance_mode="single")  # one warehouse for everybody, not one for each connection
class Warehouse:
    """A stock of things that several visitors change at the same time."""

    def __init__(self) -> None:
        self._stock = ["chair", "bike", "flashlight", "laptop", "couch"]
        self._lock = threading.Lock()  # calls of different clients run at the same time

    @expose
    @property
    def capacity(self) -> int:
        """How many things fit in."""
        return 8

    @expose
    def contents(self) -> list[str]:
        """What is in stock."""
        with self._lock:
            return list(self._stock)

    @expose
    def take(self, visitor: str, item: str) -> str:
        """Hand out one item.

        Raises:
            LookupError: If it is not in stock.
        """
        with self._lock:
            if item not in self._stock:
                raise LookupError(f"there is no {item} in the warehouse, {visitor}; it has {self._stock}")
            self._stock.remove(item)
        print(f"{visitor} took the {item}", flush=True)
        return item

    @expose
    def store(self, visitor: str, item: str) -> int:
        """Put one item in.

        Returns:
            How many things are in stock now.

        Raises:
            OverflowError: If the warehouse is full.
        """
        with self._lock:
            if len(self._stock) >= self.capacity:
                raise OverflowError(f"the warehouse is full ({self.capacity} things)")
            self._stock.append(item)
            count = len(self._stock)
        print(f"{visitor} stored the {item}", flush=True)
        return count


if __name__ == "__main__":
    serve({Warehouse: NAME})
