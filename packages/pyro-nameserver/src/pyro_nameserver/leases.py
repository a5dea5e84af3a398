"""Forgets names whose leases have ended."""

import logging
import math
import time
from collections.abc import Callable
from typing import Final

from pyro_core.errors import NamingError
from pyro_nameserver.periodic import Periodic
from pyro_nameserver.storage.base import Storage

LOOK_EVERY_S: Final = 0.5
"""Time between two looks for ended leases: how long a name may outlive its lease."""

_log = logging.getLogger("pyro_nameserver.leases")


class LeaseKeeper(Periodic):
    """Looks for ended leases.

    That is in a thread, from ``start`` until ``close``, or in a loop that calls ``look_if_due``.

    Args:
        storage: The names.
        every_s: Seconds between two looks.
        clock: Gives monotonic seconds.
    """

    thread_name = "pyro-ns-leases"

    def __init__(
        self,
        storage: Storage,
        *,
        every_s: float = LOOK_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(every_s)
        self._storage = storage
        self._clock = clock
        self._looked_at = -math.inf
        self._unavailable = False

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

    def work(self) -> None:
        """Look."""
        self.look()
