"""An aggregator: collects the prices of several markets, and passes on to each viewer what it asked for.

As a program (phase 3), which finds the markets in the name server: python aggregator.py
"""

import threading
from typing import Any

from stockmarket import PREFIX

from pyro_client import CommunicationError, Proxy, locate_ns
from pyro_server import Daemon, expose, serve

NAME = "example.stockquotes-callbacks.aggregator"


class Aggregator:
    """Knows all markets, and who wants what."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._symbols: list[str] = []
        self._wanted: dict[Any, frozenset[str]] = {}

    def join(self, market: Any) -> None:
        """Listen to a market from now on.

        Args:
            market: A ``StockMarket``, or a proxy of one.
        """
        market.listen(self)
        self._symbols = [*self._symbols, *market.symbols]

    @expose
    @property
    def symbols(self) -> list[str]:
        """What is traded anywhere."""
        return self._symbols

    @expose
    def view(self, viewer: Any, symbols: list[str]) -> int:
        """Tell a viewer of the prices of some symbols from now on, instead of those that it asked for before.

        Args:
            viewer: A ``Viewer``, or a proxy of one.
            symbols: What it wants.

        Returns:
            How many viewers there are.
        """
        with self._lock:
            self._wanted[viewer] = frozenset(symbols)
            return len(self._wanted)

    @expose
    def leave(self, viewer: Any) -> int:
        """Tell a viewer nothing more.

        Returns:
            How many viewers are left.
        """
        with self._lock:
            self._wanted.pop(viewer, None)
            return len(self._wanted)

    @expose
    def quotes(self, market: str, prices: dict[str, float]) -> None:
        """Take new prices; called by markets."""
        with self._lock:
            wanted = list(self._wanted.items())
        for viewer, symbols in wanted:
            chosen = {symbol: price for symbol, price in prices.items() if symbol in symbols}
            try:
                if chosen:
                    viewer.show(market, chosen)
            except CommunicationError:
                print(f"a viewer is gone, {self.leave(viewer)} left", flush=True)


def main() -> None:
    """One aggregator for everybody."""
    aggregator = Aggregator()
    with locate_ns() as ns:
        markets = sorted(ns.list(prefix=PREFIX))
    with Daemon() as daemon:
        daemon.register(aggregator)
        for name in markets:
            print(f"joining {name}", flush=True)
            with Proxy(f"PYRONAME:{name}", rules=daemon.rules) as market:
                aggregator.join(market)
        serve({aggregator: NAME}, daemon=daemon)


if __name__ == "__main__":
    main()
