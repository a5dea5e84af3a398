"""Phase 2: the same stock market in a program of its own.

Usage: python stockmarket.py
"""

import random
import time
from collections.abc import Iterator

from pyro_server import expose, serve

PAUSE_S = 0.01
"""Between two quotes."""


@expose  # new
class StockMarket:
    """Makes up prices.

    Args:
        name: What it is called.
        symbols: What is traded there.
    """

    def __init__(self, name: str, symbols: list[str]) -> None:
        self._name = name
        self._symbols = symbols

    @property  # new: attributes are read from afar as properties
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def symbols(self) -> list[str]:
        """What is traded there."""
        return self._symbols

    def quotes(self) -> Iterator[tuple[str, float]]:
        """Symbols and prices, as they change; there is no end to it."""
        try:
            while True:
                yield random.choice(self._symbols), round(random.uniform(5, 250), 2)
                time.sleep(PAUSE_S)
        finally:
            print(f"a viewer of {self._name} has left", flush=True)


if __name__ == "__main__":
    serve({StockMarket("NYSE", ["IBM", "HPQ", "BP"]): "nyse"}, use_ns=False)  # new
