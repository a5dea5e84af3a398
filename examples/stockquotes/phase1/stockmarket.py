"""Phase 1: a stock market, and nothing remote about it."""

import random
import time
from collections.abc import Iterator

PAUSE_S = 0.01
"""Between two quotes."""


class StockMarket:
    """Makes up prices.

    Args:
        name: What it is called.
        symbols: What is traded there.
    """

    def __init__(self, name: str, symbols: list[str]) -> None:
        self.name = name
        self.symbols = symbols

    def quotes(self) -> Iterator[tuple[str, float]]:
        """Symbols and prices, as they change; there is no end to it."""
        while True:
            yield random.choice(self.symbols), round(random.uniform(5, 250), 2)
            time.sleep(PAUSE_S)
