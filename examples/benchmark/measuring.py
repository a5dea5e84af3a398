"""How often something can be done in a while."""

import time
from collections.abc import Callable


def per_second(action: Callable[[], object], seconds: float) -> float:
    """Do something again and again; gives how often a second that worked.

    Args:
        action: What to do.
        seconds: How long to go on.
    """
    times = 0
    began = time.perf_counter()
    until = began + seconds
    while (now := time.perf_counter()) < until:
        action()
        times += 1
    return times / (now - began)


class Table:
    """Prints rates, and how each compares with the first."""

    def __init__(self) -> None:
        self._first = 0.0

    def row(self, what: str, rate: float) -> None:
        """Print one."""
        self._first = self._first or rate
        print(f"{what:<38}{rate:>10.0f} /s{rate / self._first:>8.2f} x")
