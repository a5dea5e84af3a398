"""How often somebody may do something: token buckets."""

import time
from collections.abc import Callable
from typing import Final

from pyro_http.problems import Problem

MAX_CLIENTS: Final = 10_000
"""Clients that are remembered; of more, the one that was remembered first is forgotten."""


class RateLimit:
    """One bucket for each client.

    Args:
        per_s: Requests a second; 0 for any number.
        burst: Requests at once after a pause; 0 for twice ``per_s``.
        clock: Gives monotonic seconds.
    """

    def __init__(self, per_s: float, burst: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = max(float(burst or 2 * per_s), 1.0)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> None:
        """Count a request.

        Raises:
            Problem: If there were too many.
        """
        if not self._per_s:
            return
        now = self._clock()
        left, since = self._buckets.pop(client, (self._burst, now))
        left = min(left + (now - since) * self._per_s, self._burst)
        if len(self._buckets) >= MAX_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = (left - 1.0 if left >= 1.0 else left, now)
        if left < 1.0:
            wait_s = (1.0 - left) / self._per_s
            raise Problem(
                "too-many-requests",
                f"at most {self._per_s:g} requests a second are allowed",
                headers={"Retry-After": str(max(1, round(wait_s)))},
            )
