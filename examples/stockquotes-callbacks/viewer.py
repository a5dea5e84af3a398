"""A viewer: shows the prices of some symbols.

As a program (phase 3), which finds the aggregator in the name server: python viewer.py [--forever] SYMBOL...
"""

import math
import sys
import threading

from aggregator import NAME

from pyro_client import Proxy
from pyro_server import Daemon, expose, oneway

QUOTES = 5
"""After so many a viewer has seen enough, unless it is told otherwise."""
FOREVER = "--forever"


class Viewer:
    """Shows prices.

    Args:
        name: What it is called.
        quotes: How many it wants to see.
    """

    def __init__(self, name: str, quotes: float = QUOTES) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._left = quotes
        self.has_seen_enough = threading.Event()

    @expose
    @oneway  # nobody waits for the viewer, and its errors are its own
    def show(self, market: str, prices: dict[str, float]) -> None:
        """Take new prices; called by the aggregator."""
        with self._lock:
            for symbol, price in prices.items():
                if self._left:
                    print(f"{self._name}: {market}.{symbol} is {price}", flush=True)
                    self._left -= 1
            if not self._left:
                self.has_seen_enough.set()


def main(symbols: list[str], quotes: float) -> None:
    """Show so many prices of symbols."""
    viewer = Viewer("viewer", quotes)
    with Daemon() as daemon, Proxy(f"PYRONAME:{NAME}", rules=daemon.rules) as aggregator:
        daemon.register(viewer)
        daemon.start()
        print(f"traded are {', '.join(aggregator.symbols)}", flush=True)
        aggregator.view(viewer, symbols)
        viewer.has_seen_enough.wait()
        print(f"seen enough; viewers left: {aggregator.leave(viewer)}", flush=True)


if __name__ == "__main__":
    try:
        wanted = sys.argv[1:]
        main([each for each in wanted if each != FOREVER], math.inf if FOREVER in wanted else QUOTES)
    except KeyboardInterrupt:
        print("gone")  # the aggregator finds out when it calls
