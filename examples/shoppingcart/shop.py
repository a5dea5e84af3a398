"""A shop that makes a shopping cart for each customer.

Usage: python shop.py
"""

import uuid
import weakref
from typing import Any

from pyro_server import current_call, expose, serve

NAME = "example.shop"
PRICES = {"bread": 220, "milk": 110, "paper": 350, "toffee": 95, "wine": 899}
"""In cents."""


class Cart:
    """A cart, which stays in the shop; customers use it from afar.

    Args:
        customer: Whose it is.
    """

    def __init__(self, customer: str) -> None:
        self.customer = customer
        self.goods: list[str] = []

    @expose
    def put(self, item: str) -> None:
        """Put something in.

        Raises:
            LookupError: If the shop does not have it.
        """
        if item not in PRICES:
            raise LookupError(f"this shop has no {item}, only {', '.join(PRICES)}")
        self.goods.append(item)

    @expose
    def look(self) -> list[str]:
        """What is in it."""
        return self.goods

    def empty(self) -> list[str]:
        """Take everything out. Not exposed: customers cannot do that."""
        goods, self.goods = self.goods, []
        return goods


@expose
class Shop:
    """Where carts come from, and where they are paid for."""

    def enter(self, customer: str) -> Cart:
        """A new cart. The customer gets a proxy of it, because it is registered.

        It belongs to the customer's session: it is gone when the customer's connection is.
        """
        cart = Cart(customer)
        weakref.finalize(cart, print, f"the cart of {customer} is gone", flush=True)
        current_call().daemon.register(cart, f"cart-{uuid.uuid4()}", session=True)
        return cart

    def customers(self) -> list[str]:
        """Who is in the shop."""
        offered = current_call().daemon.objects.values()
        return sorted(thing.customer for thing in offered if isinstance(thing, Cart))

    def pay(self, cart: Any) -> tuple[list[str], int]:
        """Buy what is in a cart; gives the goods, and what they cost in cents."""
        goods = self._here(cart).empty()
        return goods, sum(PRICES[item] for item in goods)

    def leave(self, cart: Any) -> None:
        """Give a cart back."""
        current_call().daemon.unregister(self._here(cart))

    @staticmethod
    def _here(cart: Any) -> Cart:
        """The cart itself, for the proxy of it that a customer has sent.

        Raises:
            LookupError: If it is no cart of this shop.
        """
        here = current_call().daemon.objects.get(cart._pyro.uri.object)
        if not isinstance(here, Cart):
            raise LookupError("this is no cart of this shop")
        return here


if __name__ == "__main__":
    serve({Shop: NAME})
