"""How many connections a second.

Usage: python connections.py [--seconds S] URI
"""

import argparse

from measuring import Table, per_second

from pyro_client import Proxy


def reconnect(proxy: Proxy) -> None:
    """The same proxy, a new connection."""
    proxy._pyro.release()
    proxy._pyro.bind()


def call_once(uri: str) -> None:
    """A new proxy, a new connection, one call."""
    with Proxy(uri) as proxy:
        proxy.without()


def main(uri: str, seconds: float) -> None:
    """Print a table."""
    table = Table()
    with Proxy(uri) as proxy:
        proxy._pyro.bind()
        table.row("a new connection", per_second(lambda: reconnect(proxy), seconds))
        table.row("a new proxy and one call", per_second(lambda: call_once(uri), seconds))
        table.row("for comparison: a call", per_second(proxy.without, seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure connections.")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each line; 1 gives steady figures")
    parser.add_argument("uri")
    options = parser.parse_args()
    main(options.uri, options.seconds)
