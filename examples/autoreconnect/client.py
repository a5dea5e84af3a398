"""Calls again and again, and goes on when the server comes back.

Usage: python client.py [--outages NUMBER] [URI]
"""

import argparse
import time

from pyro_client import CommunicationError, NamingError, Proxy
from pyro_core import delivery_of

PAUSE_S = 0.05
"""Between two calls, in seconds."""
CALLS_AFTERWARDS = 3


def wait_for_return(counter: Proxy) -> None:
    """Try to connect until it works: a name is looked up anew for each attempt."""
    counter._pyro.reconnect(tries=1000, first_wait_s=PAUSE_S, longest_wait_s=1.0)
    print(f"it is back at {(counter._pyro.resolved_uri or counter._pyro.uri).location}")


def main(uri: str, outages: int | None) -> None:
    """Call until there were enough outages."""
    left = CALLS_AFTERWARDS
    with Proxy(uri) as counter:
        while outages is None or outages or left:
            try:
                print(f"customer {counter.serve_next()}")
                left -= not outages
            except (CommunicationError, NamingError) as problem:
                print(f"the server is gone ({type(problem).__name__}); this call was {delivery_of(problem)}")
                wait_for_return(counter)
                outages = None if outages is None else outages - 1
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Call again and again, until Ctrl-C or some outages later.")
    parser.add_argument("--outages", type=int, help="end after so many")
    parser.add_argument("uri", nargs="?", help="address or name; asked for if it is missing")
    options = parser.parse_args()
    try:
        main(options.uri or input("address or name of the server: "), options.outages)
    except KeyboardInterrupt:
        print("enough")
