"""Stock markets, which tell their listeners of new prices.

As a program (phase 3), two of them in the name server: python stockmarket.py
"""

import random
import threading
from collections.abc import Sequence
from typing import Any

from pyro_client import CommunicationError
from pyro_server import expose, serve

PREFIX = "example.stockquotes-callbacks.market."
PAUSE_S = 0.02
"""Between two moments at which prices change."""


class StockMarket:
    """Makes up prices.

    Args:
        name: What it is called.
        symbols: What is traded there.
    """

    def __init__(self, name: str, symbols: list[str]) -> None:
        self.name = name
        self._symbols = symbols
        self._lock = threading.Lock()
        self._listeners: set[Any] = set()

    @expose
    @property
    def symbols(self) -> list[str]:
        """What is traded here."""
        return self._symbols

    @expose
    def listen(self, listener: Any) -> None:
        """Tell somebody of new prices from now on; once, however often that is asked for.

        Args:
            listener: An ``Aggregator``, or a proxy of one.
        """
        with self._lock:
            self._listeners.add(listener)

    def trade(self) -> None:
        """Make up new prices of two symbols, and tell them."""
        prices = {symbol: round(random.uniform(5, 250), 2) for symbol in random.sample(self._symbols, 2)}
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener.quotes(self.name, prices)
            except CommunicationError:
                print(f"a listener of {self.name} is gone", flush=True)
                with self._lock:
                    self._listeners.discard(listener)


def open_markets() -> list[StockMarket]:
    """The markets of this story."""
    return [
        StockMarket("NYSE", ["IBM", "HPQ", "BP"]),
        StockMarket("NASDAQ", ["AAPL", "CSCO", "MSFT"]),
    ]


def trade_until(closed: threading.Event, markets: Sequence[StockMarket]) -> None:
    """Trade now and then, until the markets close."""
    while not closed.wait(PAUSE_S):
        for market in markets:
            market.trade()


def main() -> None:
    """Markets for everybody."""
    markets = open_markets()
    closed = threading.Event()
    trading = threading.Thread(target=trade_until, args=(closed, markets))
    trading.start()
    try:
        serve({market: PREFIX + market.name.lower() for market in markets})
    finally:
        closed.set()
        trading.join()


if __name__ == "__main__":
    main()
