"""A calculator that takes its time, so that there is something to do meanwhile.

Usage: python server.py
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyro_server import expose, serve

DELAY_S = 0.1
"""How long each calculation takes, in seconds."""


@expose
class Calculator:
    """Does sums, slowly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = self._most = 0

    def divide(self, number: int, by: int) -> int:
        """The whole part of ``number / by``; raises ``ZeroDivisionError``."""
        with self._slowly():
            return number // by

    def multiply(self, number: int, by: int) -> int:
        """The product."""
        with self._slowly():
            return number * by

    def most_at_once(self) -> int:
        """How many calculations there were at the same time, at most."""
        return self._most

    @contextmanager
    def _slowly(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self._most = max(self._most, self._now)
        time.sleep(DELAY_S)
        with self._lock:
            self._now -= 1
        yield


if __name__ == "__main__":
    serve({Calculator(): None})
