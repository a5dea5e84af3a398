"""Phase 1: a viewer in the same program as the markets.

Usage: python viewer.py [QUOTES]
"""

import sys
from contextlib import closing
from itertools import islice

from stockmarket import StockMarket


def view(market: StockMarket, number: int) -> None:
    """Show some quotes of a market.

    Args:
        market: The market, wherever it is.
        number: How many to show.
    """
    print(f"{market.name} trades {', '.join(market.symbols)}")
    with closing(market.quotes()) as quotes:  # there are more of them, but nobody wants them
        for symbol, price in islice(quotes, number):
            print(f"{market.name}.{symbol}: {price}", flush=True)


def main(number: int) -> None:
    """Show two markets, one after the other.

    Args:
        number: How many quotes of each.
    """
    view(StockMarket("NYSE", ["IBM", "HPQ", "BP"]), number)
    view(StockMarket("NASDAQ", ["AAPL", "CSCO", "MSFT"]), number)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
