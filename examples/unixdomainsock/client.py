"""Sends a message; it is the address that says how.

Usage: python client.py ADDRESS
"""

import sys

from pyro_client import Proxy


def main(address: str) -> None:
    """Send a message.

    Args:
        address: Such as ``PYRO:telegraph@./u:/tmp/telegraph.sock``.
    """
    with Proxy(address) as telegraph:
        print(f"over {telegraph._pyro.uri.location}")
        print(telegraph.send("hello there"))


if __name__ == "__main__":
    main(sys.argv[1])
