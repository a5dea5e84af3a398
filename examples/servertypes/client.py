"""Finds out how a server runs the calls of several clients.

Usage: python client.py ADDRESS
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from pyro_client import Proxy

CLIENTS = 4
MOST_CONNECTIONS = 40
"""So many reach every process of a server that has a few."""


def meet(address: str) -> tuple[int, int]:
    """Call from several clients at once; gives how many calls ran at the same time, in how many threads."""
    with ExitStack() as stack, ThreadPoolExecutor(CLIENTS) as pool:
        proxies = [stack.enter_context(Proxy(address)) for _ in range(CLIENTS)]
        for proxy in proxies:
            proxy._pyro.bind()
        answers = list(pool.map(lambda proxy: proxy.meet(CLIENTS), proxies))
        return max(most for most, _ in answers), len({thread for _, thread in answers})


def processes(address: str) -> int:
    """How many processes answer."""
    with ExitStack() as stack:
        return len({stack.enter_context(Proxy(address)).where()[0] for _ in range(MOST_CONNECTIONS)})


def main(address: str) -> None:
    """Tell what was found out.

    Args:
        address: Of the room.
    """
    number = processes(address)
    print(f"processes that answer: {number}")
    if number > 1:
        return  # who meets whom is a matter of luck there
    print("plain methods: {} at the same time, in {} threads".format(*meet(address)))
    print(
        "async methods: {} at the same time, in {} threads".format(
            *meet(address.replace("room@", "async_room@"))
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
