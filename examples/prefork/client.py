"""Makes both processes work at the same time, and has one of them killed.

Usage: python client.py URI
"""

import sys
from contextlib import ExitStack

from pyro_client import CommunicationError, Proxy

LIMIT = 2000
MOST_CONNECTIONS = 100
"""The system spreads connections over the processes by their addresses: a few are enough to reach both."""


def connected_to_all(uri: str, stack: ExitStack, count: int) -> dict[int, Proxy]:
    """A connection to each process.

    Raises:
        RuntimeError: If so many are not there.
    """
    found: dict[int, Proxy] = {}
    for _ in range(MOST_CONNECTIONS):
        proxy = stack.enter_context(Proxy(uri))
        found.setdefault(proxy.process(), proxy)
        if len(found) == count:
            return found
    raise RuntimeError(f"only {len(found)} of {count} processes answer")


def main(uri: str) -> None:
    """Let them work."""
    with ExitStack() as stack:
        workers = connected_to_all(uri, stack, 2)
        print(f"{len(workers)} processes answer at one address")
        results = [proxy._pyro.submit("below", LIMIT) for proxy in workers.values()]  # at the same time
        print(f"primes below {LIMIT}: {[result.result() for result in results]}")

        victim, proxy = workers.popitem()
        try:
            proxy.crash()
        except CommunicationError:
            print("one process was killed; its client knows that the call may have been executed")
        (other,) = workers.values()
        print(f"clients of the other one notice nothing: {other.below(10)} primes below 10")
        again = connected_to_all(uri, stack, 2)
        print(f"two processes answer again: {victim not in again and len(again)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
