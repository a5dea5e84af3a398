"""How long to wait between attempts."""

from collections.abc import Callable, Iterator

from pyro_core.errors import CommunicationError, ConnectionClosedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

DEFAULT_TRIES: "Final" = 100
"""Attempts of ``reconnect``: with its waiting times about a quarter of an hour."""


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
