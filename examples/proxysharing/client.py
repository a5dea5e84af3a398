"""Threads that share one proxy, and threads with copies of it.

Usage: python client.py
"""

import copy
from concurrent.futures import ThreadPoolExecutor

from pyro_client import Proxy

THREADS = 5
CALLS = 100


def count_often(meeting: Proxy) -> int:
    """Call many times; gives the last answer."""
    return [meeting.count() for _ in range(CALLS)][-1]


def join_with_own(meeting: Proxy) -> int:
    """Call over a connection of this thread's own."""
    with copy.copy(meeting) as own:
        return own.join(2 * THREADS)


def main() -> None:
    """Share a proxy in several ways."""
    with Proxy("PYRONAME:example.meeting") as meeting, ThreadPoolExecutor(THREADS) as pool:
        last = max(pool.map(count_often, [meeting] * THREADS))
        print(f"{THREADS} threads made {CALLS} calls each over one proxy; the server counted {last}")

        together = list(pool.map(meeting.join, [THREADS] * THREADS))
        print(f"one proxy: {max(together)} calls were under way at the same time, on one connection")

        together = list(pool.map(join_with_own, [meeting] * THREADS))
        print(f"copies of it: {max(together) - THREADS} calls at the same time, each on its own connection")


if __name__ == "__main__":
    main()
