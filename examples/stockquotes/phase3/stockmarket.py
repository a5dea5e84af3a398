"""Phase 3: several stock markets, in the name server. Their quotes cost no thread.

Usage: python stockmarket.py
"""

import asyncio
import random
from collections.abc import AsyncIterator

from pyro_server import Daemon, expose, serve

PAUSE_S = 0.01
"""Between two quotes."""
PREFIX = "example.stockmarket."
TAG = "stockmarket"


@expose
class StockMarket:
    """Makes up prices.

    Args:
        name: What it is called.
        symbols: What is traded there.
    """

    def __init__(self, name: str, symbols: list[str]) -> None:
        self._name = name
        self._symbols = symbols

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def symbols(self) -> list[str]:
        """What is traded there."""
        return self._symbols

    async def quotes(self) -> AsyncIterator[tuple[str, float]]:
        """Symbols and prices, as they change; there is no end to it."""
        try:
            while True:
                yield random.choice(self._symbols), round(random.uniform(5, 250), 2)
                await asyncio.sleep(PAUSE_S)
        finally:
            print(f"a viewer of {self._name} has left", flush=True)


MARKETS = (
    StockMarket("NYSE", ["IBM", "HPQ", "BP"]),
    StockMarket("NASDAQ", ["AAPL", "CSCO", "MSFT"]),
    StockMarket("AEX", ["ASML", "ING", "PHIA"]),
)

if __name__ == "__main__":
    with Daemon(servertype="asyncio") as daemon:
        names = {market: f"{PREFIX}{market.name.lower()}" for market in MARKETS}
        serve(names, daemon=daemon, metadata=[TAG])
