"""Prometheus: what daemons and proxies do, as metrics of the library ``prometheus_client``.

They are in its usual registry, so that a program which answers scrapers already needs nothing more. For
others ``PYRO_PROMETHEUS`` says where to answer, as soon as there is a daemon.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from threading import Lock
from typing import Any, Final
from weakref import WeakSet

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pyro_core.errors import CommunicationError, SettingsError
from pyro_core.observing import ObservedCall, Observer, Side
from pyro_observe.labels import MOST, OTHER, Labels
from pyro_observe.settings import ObserveSettings

BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the classes into which the durations of calls are counted."""
_LOOPBACK: Final = "127.0.0.1"


class Metrics(Observer):
    """Counts and measures calls, connections and messages.

    Args:
        registry: Where the metrics are found.
        place: Where to answer scrapers over HTTP once there is a daemon: ``PORT`` or ``HOST:PORT``; None for
            nowhere.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY, *, place: str | None = None) -> None:
        self._registry = registry
        self._place = place
        self._lock = Lock()
        self._labels = Labels()
        self._outcomes: set[str] = set()
        self._daemons = Daemons()
        self._sides = {"client": _Side("client", registry), "server": _Side("server", registry)}
        registry.register(self._daemons)

    def call_begins(self, call: ObservedCall) -> Callable[[], None]:
        side = self._sides[call.side]
        side.running.inc()

        def ended() -> None:
            side.running.dec()
            names = self._labels.of(call)
            side.calls.labels(*names, call.kind, self._outcome(call)).inc()
            side.seconds.labels(*names).observe(call.duration_s)
            side.received.inc(call.bytes_in)
            side.sent.inc(call.bytes_out)

        return ended

    def connection_made(self, side: Side, connection: Any) -> None:
        self._sides[side].connections.inc()

    def connection_lost(self, side: Side, connection: Any, *, accepted: bool) -> None:
        self._sides[side].connections.dec()
        self._sides[side].ended.labels("yes" if accepted else "no").inc()

    def serves(self, daemon: Any) -> None:
        self._daemons.add(daemon)
        place, self._place = self._place, None
        if place is not None:
            _answer(place, self._registry)

    def _outcome(self, call: ObservedCall) -> str:
        outcome = call.outcome
        with self._lock:
            if outcome not in self._outcomes:
                if len(self._outcomes) >= MOST:
                    return OTHER
                self._outcomes.add(outcome)
        return outcome


class _Side:
    """The metrics of clients, or of servers."""

    def __init__(self, side: Side, registry: CollectorRegistry) -> None:
        def name(what: str) -> str:
            return f"pyro_{side}_{what}"

        pair = ("object", "method")
        self.calls = Counter(
            name("calls"), "Calls that ended.", (*pair, "kind", "outcome"), registry=registry
        )
        self.seconds = Histogram(
            name("call_seconds"), "Time that calls took.", pair, registry=registry, buckets=BUCKETS_S
        )
        self.running = Gauge(name("calls_running"), "Calls that run now.", registry=registry)
        self.received = Counter(name("received_bytes"), "Size of messages of calls.", registry=registry)
        self.sent = Counter(name("sent_bytes"), "Size of messages of calls.", registry=registry)
        self.connections = Gauge(name("connections"), "Open connections.", registry=registry)
        self.ended = Counter(
            name("connections_ended"), "Connections that ended.", ("accepted",), registry=registry
        )


class Daemons(Collector):
    """What the daemons of this process say about themselves when they are asked."""

    def __init__(self) -> None:
        self._daemons: WeakSet[Any] = WeakSet()

    def add(self, daemon: Any) -> None:
        """Ask this one, too, as long as it lives."""
        self._daemons.add(daemon)

    def describe(self) -> list[Any]:
        """Nothing: what there is shows when they are asked."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures of all of them."""
        texts = {
            "up_seconds": "Seconds since the daemon was made.",
            "serving": "Whether it serves, and does not stop.",
            "streams": "Open item streams.",
            "oneways_queued": "One-way calls that wait for a thread.",
            "threads": "Threads that run calls.",
            "objects": "Registered objects.",
            "limits_reached": "Limits that are reached now.",
        }
        families = {
            name: GaugeMetricFamily(f"pyro_daemon_{name}", text, labels=("daemon",))
            for name, text in texts.items()
        }
        for daemon in list(self._daemons):
            health = daemon.health()
            if health.state == "closed":
                continue
            values = {
                "up_seconds": health.uptime_s,
                "serving": float(health.state == "serving"),
                "streams": health.streams,
                "oneways_queued": health.oneways_queued,
                "threads": health.threads,
                "objects": health.objects,
                "limits_reached": len(health.limits_reached),
            }
            for name, value in values.items():
                families[name].add_metric((daemon.location,), value)
        yield from families.values()


def _answer(place: str, registry: CollectorRegistry) -> None:
    """Answer scrapers from now on, in a thread that keeps no program from ending."""
    found = re.fullmatch(r"(?:(.+):)?(\d{1,5})", place)
    if found is None or int(found[2]) > 65535:
        raise SettingsError(
            f"PYRO_PROMETHEUS={place!r} cannot be used: expected PORT or HOST:PORT", name="PYRO_PROMETHEUS"
        )
    host, port = (found[1] or _LOOPBACK).strip("[]"), int(found[2])
    try:
        start_http_server(port, host, registry)
    except OSError as problem:
        raise CommunicationError(
            f"cannot listen on {host}:{port} for scrapers: {problem.strerror or problem}; give each process "
            "a port of its own in PYRO_PROMETHEUS, or leave it out",
            peer=f"{host}:{port}",
        ) from problem


@cache
def observer() -> Metrics:
    """The observer whose metrics are in the usual registry."""
    return Metrics(place=ObserveSettings.from_environ().prometheus)
