"""How long things took."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class Latencies:
    """Collects durations, and how many attempts failed."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.failed = 0

    @classmethod
    def together(cls, parts: "Iterable[Latencies]") -> "Latencies":
        """What several of them have, in one."""
        whole = cls()
        for part in parts:
            whole.seconds += part.seconds
            whole.failed += part.failed
        return whole

    @property
    def attempts(self) -> int:
        """How many there were."""
        return len(self.seconds) + self.failed

    def measure(self, work: Callable[[], object]) -> float:
        """Do something once; gives how long it took, in seconds. What it raises counts as failed."""
        began = time.perf_counter()
        try:
            work()
        except Exception:
            self.failed += 1
            raise
        took = time.perf_counter() - began
        self.seconds.append(took)
        return took

    def facts(self) -> dict[str, Any]:
        """Minimum, mean, median, high percentiles and maximum, in milliseconds; None without any."""
        ordered = sorted(self.seconds)
        mean = sum(ordered) / len(ordered) if ordered else None
        return {
            "min_ms": milliseconds(ordered[0] if ordered else None),
            "mean_ms": milliseconds(mean),
            "median_ms": milliseconds(percentile(ordered, 50)),
            "p95_ms": milliseconds(percentile(ordered, 95)),
            "p99_ms": milliseconds(percentile(ordered, 99)),
            "max_ms": milliseconds(ordered[-1] if ordered else None),
        }


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """The smallest of some sorted values that so many percent of them do not exceed; None without values."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def milliseconds(seconds: float | None) -> float | None:
    """Seconds as milliseconds, with as many digits as anybody wants to read."""
    return None if seconds is None else round(seconds * 1000, 3)
