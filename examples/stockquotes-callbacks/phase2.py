"""Phase 2: still one program, but every object is called over the network.

Usage: python phase2.py
"""

import threading

from aggregator import Aggregator
from stockmarket import open_markets, trade_until
from viewer import Viewer

from pyro_client import Proxy
from pyro_server import Daemon


def main() -> None:
    """Make all objects, register them, connect proxies, and trade until all viewers have seen enough."""
    markets, local = open_markets(), Aggregator()
    viewers = {Viewer("ann"): ["IBM", "HPQ", "BP"], Viewer("bob"): ["IBM", "AAPL", "MSFT"]}
    closed = threading.Event()
    trading = threading.Thread(target=trade_until, args=(closed, markets))
    with Daemon() as daemon:  # new
        addresses = [daemon.register(market) for market in markets]
        aggregator = Proxy(daemon.register(local), rules=daemon.rules)
        daemon.start()
        for address in addresses:
            local.join(Proxy(address, rules=daemon.rules))
        print(f"traded are {', '.join(aggregator.symbols)}")
        for viewer, symbols in viewers.items():
            daemon.register(viewer)
            aggregator.view(viewer, symbols)
        trading.start()
        for viewer in viewers:
            viewer.has_seen_enough.wait()
            print(f"viewers left: {aggregator.leave(viewer)}")
        closed.set()
        trading.join()


if __name__ == "__main__":
    main()
