"""Which addresses could not be reached a moment ago, so that others are tried first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

REMEMBER_S: Final = 5.0
"""How long an address comes last after it failed, in seconds."""
MAX_FAILURES: Final = 1024


class RecentFailures:
    """A bounded memory of addresses that failed. Thread-safe.

    Args:
        remember_s: How long to remember each, in seconds.
        max_failures: How many to remember; the oldest is forgotten first.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        remember_s: float = REMEMBER_S,
        max_failures: int = MAX_FAILURES,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._remember_s = remember_s
        self._max_failures = max_failures
        self._clock = clock
        self._failed_at: dict[str, float] = {}
        self._lock = Lock()

    def note(self, address: str) -> None:
        """It failed just now."""
        with self._lock:
            self._failed_at.pop(address, None)
            while len(self._failed_at) >= self._max_failures:
                del self._failed_at[next(iter(self._failed_at))]
            self._failed_at[address] = self._clock()

    def forget(self, address: str) -> None:
        """It works."""
        if address in self._failed_at:
            with self._lock:
                self._failed_at.pop(address, None)

    def is_recent(self, address: str) -> bool:
        """Whether it failed a moment ago."""
        failed_at = self._failed_at.get(address)
        return failed_at is not None and self._clock() - failed_at < self._remember_s

    def last(self, addresses: Iterable[str]) -> list[str]:
        """The same addresses in the same order, but those that failed a moment ago after the others."""
        return sorted(addresses, key=self.is_recent)


SHARED: Final = RecentFailures()
"""What all proxies of this process saw fail."""
