"""What server and client agree on, for type checkers. Calls do not need it."""

from collections.abc import Awaitable
from typing import Protocol


class Warehouse(Protocol):
    """A warehouse as clients see it."""

    @property
    def items(self) -> int:
        """How many items there are."""
        ...

    def store(self, item: str, count: int = 1) -> int:
        """Store some of an item; gives how many of it there are now."""
        ...


class AsyncWarehouse(Protocol):
    """The same for programs with an event loop."""

    @property
    def items(self) -> Awaitable[int]:
        """How many items there are."""
        ...

    async def store(self, item: str, count: int = 1) -> int:
        """Store some of an item; gives how many of it there are now."""
        ...


class TradingWarehouse(Warehouse, Protocol):
    """A warehouse that also sells, which the one of this example does not."""

    def sell(self, item: str, price: float) -> None:
        """Sell one item."""
        ...
