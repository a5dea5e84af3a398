"""A customer. Nothing in it is about being observed.

Usage: python visit.py URI-OF-THE-SHOP
"""

import sys

from pyro_client import Proxy


def main(uri: str) -> None:
    """Ask for three things, of which one is unknown."""
    with Proxy(uri) as shop:
        for item in ("cup", "tea", "gold"):
            try:
                print(shop.offer(item))
            except KeyError as problem:
                print(f"no such thing: {problem}")


if __name__ == "__main__":
    main(*sys.argv[1:])
