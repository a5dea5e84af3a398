"""Reads sayings from an object whose address it was told.

Usage: python client.py ADDRESS
"""

import sys

from pyro_client import Proxy


def main(address: str) -> None:
    """Print two sayings.

    Args:
        address: As the server printed it: ``PYRO:quotes@localhost:PORT``.
    """
    with Proxy(address) as quotes:
        for number in (1, 2):
            print(f"{number}: {quotes.quote()}")


if __name__ == "__main__":
    main(sys.argv[1])
