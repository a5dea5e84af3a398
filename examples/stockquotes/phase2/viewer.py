"""Phase 2: a viewer of a market whose address it is told.

Usage: python viewer.py ADDRESS [QUOTES]
"""

import sys
from contextlib import closing
from itertools import islice

from pyro_client import Proxy


def view(market: Proxy, number: int) -> None:
    """Show some quotes of a market.

    Args:
        market: The market, wherever it is.
        number: How many to show.
    """
    print(f"{market.name} trades {', '.join(market.symbols)}")
    with closing(market.quotes()) as quotes:  # there are more of them, but nobody wants them
        for symbol, price in islice(quotes, number):
            print(f"{market.name}.{symbol}: {price}", flush=True)


def main(address: str, number: int) -> None:
    """Show one market.

    Args:
        address: Where it is.
        number: How many quotes.
    """
    with Proxy(address) as market:
        view(market, number)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10)
