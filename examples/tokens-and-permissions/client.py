"""Tries everything that can be done with the till.

Usage: python client.py URI TOKEN_FILE
"""

import sys
from pathlib import Path

from pyro_client import ConnectionRejected, Proxy, SecurityError


def main(uri: str, token_file: Path) -> int:
    """Look, sell, close; gives the exit status."""
    with Proxy(uri) as till:
        till._pyro.token = token_file.read_text(encoding="ascii")
        try:
            print(f"total: {till.total}")
        except ConnectionRejected as refused:
            print(f"not let in: {refused}")
            return 1
        for label, action in (("sell", lambda: till.sell(5)), ("close", till.close)):
            try:
                print(f"{label}: {action()}")
            except SecurityError as denied:  # the connection is still good
                print(f"{label}: {denied}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
