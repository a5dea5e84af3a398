"""A call that is answered in time, one whose deadline passes, and one that is taken back.

Usage: python client.py URI-OF-THE-DESK
"""

import sys
import time

from pyro_client import CallCancelled, Proxy, TimeoutError

MANY_PAGES = 100_000
PATIENCE_S = 0.5


def main(uri: str) -> None:
    """Ask three questions."""
    with Proxy(uri) as desk:
        print(desk.ask("apple", 3))

        desk._pyro.timeout_s = PATIENCE_S  # for a whole call, and all that it sets off
        try:
            desk.ask("pear", MANY_PAGES)
        except TimeoutError as problem:
            print(f"too late: {problem}")

        desk._pyro.timeout_s = None
        answer = desk._pyro.submit("ask", "plum", MANY_PAGES)
        time.sleep(PATIENCE_S)
        print(f"taken back: {answer.cancel()}")
        try:
            answer.result()
        except CallCancelled as problem:
            print(f"cancelled: {problem}")


if __name__ == "__main__":
    main(*sys.argv[1:])
