"""Agrees with the server on a key, and seals its orders with it.

Usage: python client.py URI
"""

import sys

from key_exchange import KeyExchange, fingerprint, seal

from pyro_client import Proxy


def main(uri: str) -> None:
    """Order something in order, and something that was changed on the way."""
    with Proxy(uri) as shop:
        exchange = KeyExchange()
        key = exchange.key(shop.agree(exchange.public))
        print(f"agreed on the key {fingerprint(key)}")
        print(shop.order("bread", seal(key, "bread")))
        try:
            print(shop.order("cake", seal(key, "bread")))
        except PermissionError as refused:
            print(f"refused: {refused}")


if __name__ == "__main__":
    main(sys.argv[1])
