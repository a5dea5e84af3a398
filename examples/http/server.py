"""A shop for Python clients. That others call it over HTTP is none of its business."""

from collections.abc import Iterator
from datetime import date, timedelta

from pyro_server import behavior, expose, serve


class OutOfStock(Exception):
    """There is not enough of a product."""


@expose
@behavior(instance_mode="single")
class Shop:
    """Sells tools."""

    def __init__(self) -> None:
        self._stock = {"nail": 1000, "hammer": 1}

    def take(self, product: str, count: int = 1) -> int:
        """Take products from the shelf; gives how many are left.

        Raises:
            OutOfStock: If there are not as many.
        """
        left = self._stock.get(product, 0) - count
        if left < 0:
            raise OutOfStock(f"{product}: {self._stock.get(product, 0)} left")
        self._stock[product] = left
        return left

    def delivery(self, ordered: date) -> date:
        """When an order comes."""
        return ordered + timedelta(days=2)

    def inventory(self) -> Iterator[str]:
        """One product after the other."""
        for product, count in self._stock.items():
            yield f"{count} x {product}"


if __name__ == "__main__":
    serve({Shop: "http.shop"})
