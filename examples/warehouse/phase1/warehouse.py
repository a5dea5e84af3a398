"""Phase 1: a warehouse, and nothing remote about it."""


class Warehouse:
    """A stock of things."""

    def __init__(self) -> None:
        self._stock = ["chair", "bike", "flashlight", "laptop", "couch"]

    def contents(self) -> list[str]:
        """What is in stock."""
        return list(self._stock)

    def take(self, visitor: str, item: str) -> str:
        """Hand out one item.

        Raises:
            LookupError: If it is not in stock.
        """
        if item not in self._stock:
            raise LookupError(f"there is no {item} in the warehouse, {visitor}")
        self._stock.remove(item)
        print(f"{visitor} took the {item}", flush=True)
        return item

    def store(self, visitor: str, item: str) -> int:
        """Put one item in; gives how many things are in stock now."""
        self._stock.append(item)
        print(f"{visitor} stored the {item}", flush=True)
        return len(self._stock)
