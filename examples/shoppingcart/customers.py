"""Customers, honest ones and another one.

Usage: python customers.py [--run-away]
"""

import sys

from pyro_client import DaemonError, Proxy

SHOP = "PYRONAME:example.shop"


def pay_and_leave(shop: Proxy, cart: Proxy, customer: str) -> None:
    """Pay what is in the cart, and give it back."""
    goods, cents = shop.pay(cart)
    print(f"{customer} paid {cents / 100:.2f} for {', '.join(goods)}; the cart has {cart.look()} in it")
    shop.leave(cart)


def main() -> None:
    """Go shopping."""
    with Proxy(SHOP) as shop:
        harry, sally = shop.enter("Harry"), shop.enter("Sally")
        print(f"Harry has a {type(harry).__name__} of a cart, not the cart")
        for item in ("bread", "toffee"):
            harry.put(item)
        sally.put("wine")
        try:
            sally.put("an elephant")
        except LookupError as problem:
            print(f"Sally is told that {problem}")

        print(f"in the shop: {', '.join(shop.customers())}")
        pay_and_leave(shop, harry, "Harry")
        pay_and_leave(shop, sally, "Sally")
        try:
            harry.look()
        except DaemonError as problem:
            print(f"Harry's cart is gone: {problem}")
        print(f"in the shop: {shop.customers()}")


def run_away() -> None:
    """Take a cart, and vanish with something in it."""
    with Proxy(SHOP) as shop:
        cart = shop.enter("Sid")
        cart.put("wine")
        print(f"in the shop: {', '.join(shop.customers())}; Sid has {cart.look()}")


if __name__ == "__main__":
    run_away() if "--run-away" in sys.argv else main()
