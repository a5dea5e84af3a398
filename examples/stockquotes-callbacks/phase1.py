"""Phase 1: all in one program, and nothing remote about it.

Usage: python phase1.py
"""

from aggregator import Aggregator
from stockmarket import open_markets
from viewer import Viewer


def main() -> None:
    """Make all objects, connect them, and trade until all viewers have seen enough."""
    markets, aggregator = open_markets(), Aggregator()
    viewers = {Viewer("ann"): ["IBM", "HPQ", "BP"], Viewer("bob"): ["IBM", "AAPL", "MSFT"]}
    for market in markets:
        aggregator.join(market)
    print(f"traded are {', '.join(aggregator.symbols)}")
    for viewer, symbols in viewers.items():
        aggregator.view(viewer, symbols)
    while not all(viewer.has_seen_enough.is_set() for viewer in viewers):
        for market in markets:
            market.trade()
    print("all have seen enough")


if __name__ == "__main__":
    main()
