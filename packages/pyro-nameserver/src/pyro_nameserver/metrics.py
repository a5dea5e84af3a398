"""Figures about a running name server, in the text format of Prometheus."""

import functools
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import Any, Final, TypeVar

from pyro_core.errors import NamingError
from pyro_core.members import members_of
from pyro_nameserver.__about__ import __version__

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S: Final = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Upper ends of the classes into which the durations of calls are counted."""

T = TypeVar("T")


class CallCounts:
    """Counts the calls of a registry, by method and outcome, and how long they took."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running = 0
        self._calls: dict[tuple[str, str], int] = {}
        self._classes: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def counting(self, registry: type[T]) -> type[T]:
        """The same class, with its exposed methods counted."""
        methods = members_of(registry).methods
        wrapped = {name: self._counted(name, getattr(registry, name)) for name in methods}
        return type(registry.__name__, (registry,), {"__module__": registry.__module__, **wrapped})

    def lines(self) -> Iterator[str]:
        """What was counted."""
        with self._lock:
            calls, seconds, running = dict(self._calls), dict(self._seconds), self._running
            classes = {method: list(counts) for method, counts in self._classes.items()}
        yield from _metric("pyro_ns_calls_running", "gauge", "Calls that run now.", f" {running}")
        yield from _head("pyro_ns_calls_total", "counter", "Calls of the name server's methods.")
        for (method, outcome), count in sorted(calls.items()):
            yield f'pyro_ns_calls_total{{method="{method}",outcome="{outcome}"}} {count}'
        yield from _head("pyro_ns_call_seconds", "histogram", "Time that calls took.")
        for method, counts in sorted(classes.items()):
            total = 0
            for end, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                total += count
                yield f'pyro_ns_call_seconds_bucket{{method="{method}",le="{end}"}} {total}'
            yield f'pyro_ns_call_seconds_sum{{method="{method}"}} {seconds[method]:.6f}'
            yield f'pyro_ns_call_seconds_count{{method="{method}"}} {total}'

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def counted(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            with self._lock:
                self._running += 1
            outcome = "error"
            try:
                result = method(*args, **kwargs)
                outcome = "ok"
                return result
            finally:
                self._note(name, outcome, time.perf_counter() - began)

        return counted

    def _note(self, method: str, outcome: str, seconds: float) -> None:
        place = sum(seconds > end for end in BUCKETS_S)
        with self._lock:
            self._running -= 1
            self._calls[method, outcome] = self._calls.get((method, outcome), 0) + 1
            self._classes.setdefault(method, [0] * (len(BUCKETS_S) + 1))[place] += 1
            self._seconds[method] = self._seconds.get(method, 0.0) + seconds


def page(
    *,
    storage: str,
    count_names: Callable[[], int],
    watchers: int,
    uptime_s: float,
    is_ready: bool,
    more: Iterable[str] = (),
) -> str:
    """The whole answer to a scraper.

    Args:
        storage: Kind of the storage.
        count_names: Counts the names; a NamingError means that the storage is unavailable.
        watchers: How many watch changes.
        uptime_s: Seconds since the start.
        is_ready: Whether calls are answered.
        more: Further lines.
    """
    try:
        names = count_names()
    except NamingError:
        names = None
    labels = f'version="{__version__}",python="{platform.python_version()}",storage="{storage}"'
    lines = [
        *_metric("pyro_ns_info", "gauge", "What runs here.", f"{{{labels}}} 1"),
        *_metric("pyro_ns_up_seconds", "gauge", "Seconds since the start.", f" {uptime_s:.3f}"),
        *_metric("pyro_ns_ready", "gauge", "Whether it answers calls (see /readyz).", f" {int(is_ready)}"),
        *_metric("pyro_ns_storage_up", "gauge", "Whether the storage answers.", f" {int(names is not None)}"),
        *_metric("pyro_ns_watchers", "gauge", "Clients that watch changes.", f" {watchers}"),
    ]
    if names is not None:
        lines += _metric("pyro_ns_names", "gauge", "Registered names.", f" {names}")
    return "\n".join([*lines, *more]) + "\n"


def _metric(name: str, kind: str, text: str, value: str) -> list[str]:
    return [*_head(name, kind, text), f"{name}{value}"]


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
