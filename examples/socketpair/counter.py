"""The object that is called over a pair of sockets."""

import os
import threading

from pyro_server import expose


@expose
class Counter:
    """Counts, and tells where it does."""

    def __init__(self) -> None:
        self._total = 0

    def add(self, number: int) -> int:
        """Add a number; gives the total."""
        self._total += number
        return self._total

    def where(self) -> tuple[int, str]:
        """Number of its process, name of its thread."""
        return os.getpid(), threading.current_thread().name
