"""Borrows printers, brings one back, and leaves: politely or not.

Usage: python client.py URI (politely|abruptly)
"""

import os
import sys

from pyro_client import Proxy

CRASHED = 3
"""Exit status of a client that does not say good-bye."""


def main(uri: str, way: str) -> None:
    """Borrow three printers, bring back one, and leave."""
    with Proxy(uri) as office:
        for name in ("laser", "inkjet", "plotter"):
            office.borrow(name)
        office.bring_back("inkjet")
        print(f"holding {office.held()}", flush=True)
        if way == "abruptly":
            os._exit(CRASHED)  # like a crash: no `finally`, no `with`, nothing is told to the server


if __name__ == "__main__":
    main(*sys.argv[1:])
