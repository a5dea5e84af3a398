"""How long to wait between attempts."""

from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic

from pyro_core.errors import CommunicationError, ConnectionClosedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

DEFAULT_TRIES: "Final" = 100
"""Attempts of ``reconnect``: with its waiting times about a quarter of an hour."""
BUDGET: "Final" = 20.0
"""Repeated calls that a proxy may make at once."""
PER_SECOND: "Final" = 1.0
"""So many more it may make every second."""
PER_SUCCESS: "Final" = 0.1
"""And so many for each call that was answered."""


class Budget:
    """How many calls a proxy may repeat, so that many callers do not hammer a dead server. Thread-safe.

    One caller alone, who waits longer each time, does not exhaust it.

    Args:
        clock: Monotonic time in seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left = BUDGET
        self._seen_at = clock()
        self._lock = Lock()

    def take(self) -> bool:
        """Whether a call may be repeated; that costs something then."""
        with self._lock:
            now = self._clock()
            self._left = min(self._left + (now - self._seen_at) * PER_SECOND, BUDGET)
            self._seen_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def succeeded(self) -> None:
        """A call was answered."""
        if self._left < BUDGET:
            with self._lock:
                self._left = min(self._left + PER_SUCCESS, BUDGET)


def delays(
    first_s: float = 0.1,
    longest_s: float = 10.0,
    *,
    factor: float = 2.0,
    random: Callable[[], float] | None = None,
) -> Iterator[float]:
    """Waiting times without end: each limit is ``factor`` times the one before, up to ``longest_s``.

    Each time is drawn between half its limit and its limit, so that clients that lost a server together
    do not come back together.

    Args:
        first_s: First limit, in seconds.
        longest_s: Largest limit, in seconds.
        factor: Growth from one to the next.
        random: Gives a number from 0 to 1; None for the standard library's.
    """
    draw = random or _system_random()
    limit_s = min(first_s, longest_s)
    while True:
        yield limit_s * (0.5 + draw() / 2)
        limit_s = min(limit_s * factor, longest_s)


def repeats(error: CommunicationError, attempt: int, max_retries: int, *, reused: bool) -> bool:
    """Whether to make a failed call once more.

    Args:
        error: Why it failed.
        attempt: How many times it failed before; 0 the first time.
        max_retries: How often the caller asked for, also where the call may have been executed.
        reused: The connection was an old one. The server may just have closed it for being idle, so that
            one more attempt is made even if nobody asked for it, provided that nothing was sent.
    """
    if attempt < max_retries:
        return True
    return attempt == 0 and reused and isinstance(error, ConnectionClosedError) and error.retry_safe


def _system_random() -> Callable[[], float]:
    import random

    return random.random
