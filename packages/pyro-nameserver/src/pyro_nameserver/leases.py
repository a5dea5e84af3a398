"""Forgets names whose leases have ended."""

import logging
import math
import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import Storage

LOOK_EVERY_S: Final = 0.5
"""Time between two looks for ended leases: how long a name may outlive its lease."""

_log = logging.getLogger("pyro_nameserver.leases")


class LeaseKeeper:
    """Looks for ended leases.

    That is in a thread, from ``start`` until ``close``, or in a loop that calls ``look_if_due``.

    Args:
        storage: The names.
        every_s: Seconds between two looks.
        clock: Gives monotonic seconds.

    Attributes:
        every_s: As given.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        every_s: float = LOOK_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self.every_s = every_s
        self._clock = clock
        self._looked_at = -math.inf
        self._stop = Event()
        self._unavailable = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = Thread(target=self._run, name="pyro-ns-leases", daemon=True)
        self._thread.start()

    def look(self) -> list[str]:
        """Look once; gives the names that are forgotten now. An unavailable storage is logged."""
        try:
            expired = self._storage.expire()
        except NamingError as problem:
            if not self._unavailable:
                _log.warning(
                    "cannot look for ended leases, and try again every %s s: %s", self.every_s, problem
                )
            self._unavailable = True
            return []
        if self._unavailable:
            self._unavailable = False
            _log.warning("looking for ended leases works again")
        if expired:
            _log.info("forgot names whose leases ended: %s", ", ".join(sorted(expired)))
        return expired

    def look_if_due(self) -> None:
        """Look, unless that was done just now."""
        now = self._clock()
        if now - self._looked_at >= self.every_s:
            self._looked_at = now
            self.look()

    def close(self) -> None:
        """Stop looking. May be called more than once."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.wait(self.every_s):
            self.look()
