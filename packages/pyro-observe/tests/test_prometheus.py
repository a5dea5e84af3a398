"""Prometheus: counted, measured, and answered over HTTP."""

import gc
import socket
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from pyro_core.errors import CommunicationError, SettingsError
from pyro_core.observing import ObservedCall
from pyro_observe import prometheus
from pyro_observe.prometheus import Metrics


class Daemon:
    location = "localhost:4444"

    def __init__(self) -> None:
        self.state = "serving"

    def health(self) -> Any:
        return SimpleNamespace(
            state=self.state,
            uptime_s=2.5,
            streams=1,
            oneways_queued=3,
            threads=4,
            objects=5,
            limits_reached=("x",),
        )


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def figures(registry: CollectorRegistry, start: str) -> dict[str, float]:
    lines = generate_latest(registry).decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if line.startswith(start) and "_created" not in line]
    return {name: float(value) for name, _, value in pairs}


def test_calls_are_counted_by_object_method_and_outcome(registry: CollectorRegistry, tell: Any) -> None:
    metrics = Metrics(registry)
    tell(metrics, bytes_in=10, bytes_out=20)
    tell(metrics, bytes_in=10, bytes_out=20)
    tell(metrics, error=ValueError())
    tell(metrics, "made-up", known=False, error=AttributeError())
    assert figures(registry, "pyro_server_calls_total") == {
        'pyro_server_calls_total{kind="call",method="add",object="thing",outcome="ok"}': 2,
        'pyro_server_calls_total{kind="call",method="add",object="thing",outcome="ValueError"}': 1,
        'pyro_server_calls_total{kind="call",method="_OTHER",object="thing",outcome="AttributeError"}': 1,
    }
    assert figures(registry, "pyro_server_received") == {"pyro_server_received_bytes_total": 20}
    assert figures(registry, "pyro_server_sent") == {"pyro_server_sent_bytes_total": 40}
    seconds = figures(registry, 'pyro_server_call_seconds_count{method="add"')
    assert list(seconds.values()) == [3]
    assert not figures(registry, "pyro_client_calls_total")


def test_calls_that_run_and_connections_that_are_open(registry: CollectorRegistry) -> None:
    metrics = Metrics(registry)
    end = metrics.call_begins(ObservedCall("client"))
    metrics.connection_made("client", None)
    metrics.connection_made("client", None)
    metrics.connection_lost("client", None, accepted=False)
    assert figures(registry, "pyro_client_calls_running") == {"pyro_client_calls_running": 1}
    assert figures(registry, "pyro_client_connections") == {
        "pyro_client_connections": 1,
        'pyro_client_connections_ended_total{accepted="no"}': 1,
    }
    end()
    assert figures(registry, "pyro_client_calls_running") == {"pyro_client_calls_running": 0}


def test_daemons_are_asked_as_long_as_they_live(registry: CollectorRegistry) -> None:
    metrics, daemon = Metrics(registry), Daemon()
    metrics.serves(daemon)
    found = figures(registry, "pyro_daemon_")
    assert {name.partition("{")[0]: value for name, value in found.items()} == {
        "pyro_daemon_up_seconds": 2.5,
        "pyro_daemon_serving": 1,
        "pyro_daemon_streams": 1,
        "pyro_daemon_oneways_queued": 3,
        "pyro_daemon_threads": 4,
        "pyro_daemon_objects": 5,
        "pyro_daemon_limits_reached": 1,
    }
    daemon.state = "closed"
    assert figures(registry, "pyro_daemon_") == {}
    del daemon
    gc.collect()
    assert not metrics._daemons._daemons


def test_scrapers_are_answered_once_there_is_a_daemon(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    real = prometheus_client.start_http_server
    monkeypatch.setattr(prometheus, "start_http_server", lambda *args: started.append(real(*args)))
    metrics, daemon = Metrics(registry, place="0"), Daemon()
    assert not started
    metrics.serves(daemon)
    metrics.serves(daemon)
    ((server, thread),) = started
    try:
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5) as answer:
            assert 'pyro_daemon_threads{daemon="localhost:4444"} 4.0' in answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_port_that_is_taken_says_so(registry: CollectorRegistry) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CommunicationError, match="give each process a port of its own"):
            Metrics(registry, place=place).serves(Daemon())


@pytest.mark.parametrize("place", ["here", "70000", "127.0.0.1", "-1"])
def test_a_place_is_a_port(place: str, registry: CollectorRegistry) -> None:
    with pytest.raises(SettingsError, match="expected PORT or HOST:PORT"):
        Metrics(registry, place=place).serves(Daemon())
