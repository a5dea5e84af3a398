"""Hires workers, and is called back by them.

Usage: python client.py own      over its own connection
       python client.py daemon   over a daemon of the client, as with the classic
"""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from pyro_client import Proxy
from pyro_server import Daemon, callback, expose

WORKERS = 3


class Desk:
    """What the server calls."""

    def __init__(self) -> None:
        self._results: dict[int, int] = {}
        self._changed = threading.Condition()

    @expose
    def done(self, worker: int, result: int) -> str:
        """A worker has a result."""
        with self._changed:
            self._results[worker] = result
            self._changed.notify_all()
        return f"thanks, {len(self._results)} of {WORKERS}"

    @expose
    @callback  # an error here is logged here as well, and not only the server's to deal with
    def fail(self) -> float:
        """Fail."""
        return 1 / 0

    def wait_for_all(self) -> list[int]:
        """The results, when all are there."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._results) == WORKERS, timeout=10):
                raise TimeoutError(f"only {len(self._results)} of {WORKERS} workers have called back")
            return sorted(self._results.values())


def employ(office: Proxy, desk: Desk, back: Any) -> None:
    """Have workers work at the same time.

    Args:
        office: Hires them.
        desk: The local object.
        back: The same as the server is to see it.
    """
    workers = [office.hire(back) for _ in range(WORKERS)]
    for number, worker in enumerate(workers, 1):
        worker.work(1000 * number)
    print("all of them work")
    print(f"results: {desk.wait_for_all()}")
    print(office.provoke(back))


def over_own_connection() -> None:
    """The server calls back over the connection that the client has made: it needs no way here."""
    desk = Desk()
    with Proxy("PYRONAME:example.callback") as office:
        employ(office, desk, office._pyro.offer(desk))


def over_a_daemon() -> None:
    """The server makes a connection of its own to a daemon here."""
    desk = Desk()
    with Daemon() as daemon, Proxy("PYRONAME:example.callback") as office:
        back = daemon.register(desk)
        daemon.start()
        employ(office, desk, Proxy(back))


if __name__ == "__main__":
    logging.basicConfig(format="log: %(message)s")
    ways: dict[str, Callable[[], None]] = {"own": over_own_connection, "daemon": over_a_daemon}
    ways[sys.argv[1]]()
