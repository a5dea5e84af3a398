"""Probes and figures over HTTP."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, NameNotFound, NamingError, SettingsError
from pyro_core.settings import NameServerSettings, ServerSettings, Timeouts
from pyro_nameserver import NameServer, start_ns
from pyro_nameserver.admin import MAX_REQUESTS, AdminServer, Answer, place_of
from pyro_nameserver.changes import ChangeFeed
from pyro_nameserver.health import Health
from pyro_nameserver.storage.memory import MemoryStorage

PATIENCE_S = 20.0


def get(address: tuple[str, int], path: str, method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection(*address, timeout=PATIENCE_S)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with start_ns(settings=NameServerSettings(host="127.0.0.1", port=0, admin="0")) as nameserver:
        yield nameserver


def ask(nameserver: NameServer, path: str, method: str = "GET") -> tuple[int, str]:
    assert nameserver.admin is not None
    return get(nameserver.admin.address, path, method)


@pytest.mark.parametrize(
    ("text", "place"),
    [("0", ("127.0.0.1", 0)), ("a.example:1", ("a.example", 1)), ("[::1]:65535", ("::1", 65535))],
)
def test_a_place_is_a_port_or_has_a_host(text: str, place: tuple[str, int]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize("text", ["", "x", "1:x", "65536", "host:"])
def test_a_place_that_is_none_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="expected PORT or HOST:PORT"):
        place_of(text)


def test_a_place_that_is_taken_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(CommunicationError, match=r"cannot listen on 127\.0\.0\.1:.* for probes"),
    ):
        AdminServer(str(taken.getsockname()[1]), {})


def test_a_running_name_server_is_alive_and_ready(nameserver: NameServer) -> None:
    assert ask(nameserver, "/livez") == (200, "ok\n")
    assert ask(nameserver, "/readyz?verbose") == (200, "ok\n")
    assert ask(nameserver, "/readyz", "HEAD") == (200, "")
    assert ask(nameserver, "/") == (404, "there are /livez, /metrics, /readyz\n")
    assert ask(nameserver, "/livez", "POST")[0] == 501


def test_one_that_stops_is_alive_and_not_ready(nameserver: NameServer) -> None:
    nameserver.health.stopping = True
    assert ask(nameserver, "/livez") == (200, "ok\n")
    assert ask(nameserver, "/readyz") == (503, "stopping\n")


def test_calls_are_counted_by_method_and_outcome(nameserver: NameServer) -> None:
    with Proxy(nameserver.uri) as remote:
        remote.register("a", "PYRO:a@h:1")
        with pytest.raises(NameNotFound):
            remote.lookup("b")
        watching = remote.watch(0)
        next(watching)
        status, text = ask(nameserver, "/metrics")
        watching.close()
    lines = text.splitlines()
    assert status == 200
    assert "pyro_ns_names 1" in lines
    assert "pyro_ns_ready 1" in lines
    assert "pyro_ns_watchers 1" in lines
    assert 'pyro_ns_calls_total{method="register",outcome="ok"} 1' in lines
    assert 'pyro_ns_calls_total{method="lookup",outcome="error"} 1' in lines
    assert 'pyro_ns_call_seconds_bucket{method="lookup",le="+Inf"} 1' in lines
    assert 'pyro_ns_call_seconds_count{method="lookup"} 1' in lines


def test_figures_have_the_form_that_prometheus_reads(nameserver: NameServer) -> None:
    with Proxy(nameserver.uri) as remote:
        remote.ping()
    typed: dict[str, str] = {}
    for line in ask(nameserver, "/metrics")[1].splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in typed
            typed[name] = kind
        elif not line.startswith("# HELP "):
            name, _, value = line.rpartition(" ")
            family = name.partition("{")[0]
            for end in ("_bucket", "_sum", "_count"):
                family = family if family in typed else family.removesuffix(end)
            assert family in typed, line
            float(value)
    assert typed["pyro_ns_call_seconds"] == "histogram"


class Unavailable(MemoryStorage):
    """A storage whose engine is gone."""

    def get(self, name: str) -> Any:
        raise NamingError("the engine is gone")

    def count(self) -> int:
        raise NamingError("the engine is gone")


def test_an_unavailable_storage_is_no_reason_for_a_restart_but_to_be_left_alone() -> None:
    storage = Unavailable()
    health = Health(storage, ChangeFeed(storage))
    health.started()
    assert health.pages["/livez"]() == Answer("ok\n")
    assert health.pages["/readyz"]() == Answer(
        "the storage is unavailable: the engine is gone\n", is_ok=False
    )
    lines = health.pages["/metrics"]().text.splitlines()
    assert {"pyro_ns_storage_up 0", "pyro_ns_ready 0"} <= set(lines)
    assert not [line for line in lines if line.startswith("pyro_ns_names")]


def test_a_daemon_without_a_sign_of_life_is_not_alive() -> None:
    now = [0.0]
    storage = MemoryStorage()
    health = Health(storage, ChangeFeed(storage), clock=lambda: now[0])
    now[0] = 100.0
    assert (health.why_not_alive(), health.why_not_ready()) == ("", "not serving yet")
    health.started()
    now[0] = 130.0
    assert health.why_not_alive() == ""
    now[0] = 130.1
    assert "no sign of life for 30 s" in health.why_not_alive() == health.why_not_ready()
    health.beat()
    assert health.why_not_alive() == ""


def test_the_daemon_shows_signs_of_life(nameserver: NameServer) -> None:
    beaten = threading.Event()
    nameserver.health.beat = beaten.set  # type: ignore[method-assign]
    assert beaten.wait(PATIENCE_S)


def test_the_loop_shows_signs_of_life_also_if_all_threads_are_busy() -> None:
    """Such as with calls that wait for a storage: no reason for a restart."""
    storage, go_on, busy = MemoryStorage(), threading.Event(), threading.Event()

    def count() -> int:
        busy.set()
        assert go_on.wait(PATIENCE_S)
        return 0

    storage.count = count  # type: ignore[method-assign]
    settings = NameServerSettings(host="127.0.0.1", port=0)
    one = ServerSettings(threads=1, min_threads=1, timeouts=Timeouts(housekeeping_s=0.05))
    with NameServer(settings, one, storage=storage) as nameserver:
        serving = threading.Thread(target=nameserver.serve)
        serving.start()
        with Proxy(nameserver.uri) as remote, ThreadPoolExecutor(1) as pool:
            remote.ping()
            counted = pool.submit(remote.count)
            assert busy.wait(PATIENCE_S)
            beaten = threading.Semaphore(0)
            nameserver.health.beat = beaten.release  # type: ignore[method-assign, assignment]
            assert all(beaten.acquire(timeout=PATIENCE_S) for _ in range(3))
            go_on.set()
            assert counted.result(PATIENCE_S) == 1
        nameserver.shutdown()
        serving.join(PATIENCE_S)
        assert not serving.is_alive()


def test_only_so_many_are_answered_at_once() -> None:
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def slow() -> Answer:
        arrived.release()
        assert go_on.wait(PATIENCE_S)
        return Answer("slow")

    with AdminServer("0", {"/slow": slow}) as admin, ExitStack() as stack:
        admin.start()
        connections = [HTTPConnection(*admin.address, timeout=PATIENCE_S) for _ in range(MAX_REQUESTS)]
        for connection in connections:
            stack.callback(connection.close)
            connection.request("GET", "/slow")
            assert arrived.acquire(timeout=PATIENCE_S)
        with socket.create_connection(admin.address, timeout=PATIENCE_S) as refused:
            assert refused.recv(1) == b""
        go_on.set()
        assert [connection.getresponse().status for connection in connections] == [200] * MAX_REQUESTS


def test_a_place_that_others_can_reach_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    AdminServer("0.0.0.0:0", {}).close()
    assert "everybody who can reach 0.0.0.0" in caplog.text
    caplog.clear()
    AdminServer("0", {}).close()
    assert not caplog.text
