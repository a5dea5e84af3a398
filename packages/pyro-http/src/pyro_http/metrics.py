"""Figures about a running gateway, in the text format of Prometheus."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pyro_http.__about__ import __version__

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Upper ends of the classes into which the durations of requests are counted."""


class Metrics:
    """Counts requests by route and status, and how long they took.

    Args:
        clock: Gives monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_at = clock()
        self._requests: dict[tuple[str, int], int] = {}
        self._classes: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def note(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = route, status
        self._requests[key] = self._requests.get(key, 0) + 1
        classes = self._classes.setdefault(route, [0] * (len(BUCKETS_S) + 1))
        classes[sum(seconds > end for end in BUCKETS_S)] += 1
        self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def page(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """The whole answer to a scraper.

        Args:
            gauges: Name -> what it tells, and its value now.
        """
        return "\n".join(self._lines(gauges)) + "\n"

    def _lines(self, gauges: Mapping[str, tuple[str, float]]) -> Iterator[str]:
        labels = f'version="{__version__}",python="{platform.python_version()}"'
        yield from _head("pyro_http_info", "gauge", "What runs here.")
        yield f"pyro_http_info{{{labels}}} 1"
        yield from _head("pyro_http_up_seconds", "gauge", "Seconds since the start.")
        yield f"pyro_http_up_seconds {self._clock() - self._began_at:.3f}"
        for name, (text, value) in gauges.items():
            yield from _head(f"pyro_http_{name}", "gauge", text)
            yield f"pyro_http_{name} {value:g}"
        yield from _head("pyro_http_requests_total", "counter", "Requests that were answered.")
        for (route, status), count in sorted(self._requests.items()):
            yield f'pyro_http_requests_total{{route="{route}",status="{status}"}} {count}'
        yield from _head("pyro_http_request_seconds", "histogram", "Time that requests took.")
        for route, counts in sorted(self._classes.items()):
            total = 0
            for end, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                total += count
                yield f'pyro_http_request_seconds_bucket{{route="{route}",le="{end}"}} {total}'
            yield f'pyro_http_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'pyro_http_request_seconds_count{{route="{route}"}} {total}'


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
