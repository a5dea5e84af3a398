"""Whether a name server is alive and ready, and the pages that say so."""

import time
from collections.abc import Callable
from typing import Final

from pyro_core.errors import NamingError
from pyro_core.names import NAMESERVER_ID
from pyro_nameserver import metrics
from pyro_nameserver.admin import Answer, Pages
from pyro_nameserver.changes import ChangeFeed
from pyro_nameserver.storage.base import Storage

_BEATS: Final = 3
"""Signs of life of the daemon that may be missing before it counts as stuck."""
_LEAST_PATIENCE_S: Final = 30.0


class Health:
    """What probes are told.

    Args:
        storage: The names.
        changes: Knows who watches.
        clock: Gives monotonic seconds.

    Attributes:
        beat_s: Seconds between two signs of life of the daemon.
        calls: Counts the calls.
        stopping: Whether the name server is to stop, or has.
    """

    def __init__(
        self, storage: Storage, changes: ChangeFeed, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._storage = storage
        self._changes = changes
        self._clock = clock
        self._began_at = self._beaten_at = clock()
        self._is_started = False
        self.beat_s = 2.0
        self.calls = metrics.CallCounts()
        self.stopping = False

    def started(self) -> None:
        """The name server answers from now on."""
        self._is_started = True
        self.beat()

    def beat(self) -> None:
        """The daemon has just shown that it does its work."""
        self._beaten_at = self._clock()

    def why_not_alive(self) -> str:
        """What is wrong, so that a restart would help; empty if nothing is.

        An unavailable storage is no reason, nor is it one to be waiting for the first start.
        """
        silent_s = self._clock() - self._beaten_at
        if not self._is_started or self.stopping or silent_s <= max(_BEATS * self.beat_s, _LEAST_PATIENCE_S):
            return ""
        return f"the daemon has shown no sign of life for {silent_s:.0f} s"

    def why_not_ready(self) -> str:
        """Why no calls should be sent here now; empty if they should."""
        if not self._is_started:
            return "not serving yet"
        if self.stopping:
            return "stopping"
        try:
            self._storage.get(NAMESERVER_ID)
        except NamingError as problem:
            return f"the storage is unavailable: {problem}"
        return self.why_not_alive()

    @property
    def pages(self) -> Pages:
        """What the admin port answers."""
        return {
            "/livez": lambda: _probe(self.why_not_alive()),
            "/readyz": lambda: _probe(self.why_not_ready()),
            "/metrics": self._metrics,
        }

    def _metrics(self) -> Answer:
        text = metrics.page(
            storage=self._storage.name,
            count_names=self._storage.count,
            watchers=len(self._changes),
            uptime_s=self._clock() - self._began_at,
            is_ready=not self.why_not_ready(),
            more=self.calls.lines(),
        )
        return Answer(text, content_type=metrics.CONTENT_TYPE)


def _probe(problem: str) -> Answer:
    return Answer(f"{problem or 'ok'}\n", is_ok=not problem)
