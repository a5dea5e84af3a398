"""Names that come and go with their servers, and name servers that come and go."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import processes
import pytest
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy, locate_ns, resolve
from pyro_client.failures import SHARED as FAILURES
from pyro_client.lookups import SHARED
from pyro_core.errors import NameNotFound, NameServerNotFound
from pyro_core.settings import ClientSettings, NameServerSettings, ServerSettings, Timeouts
from pyro_core.uri import URI
from pyro_nameserver import start_ns
from pyro_server import AsyncDaemon, Daemon, expose

TTL_S = 2.0
LEAST_S = 15.0
"""How long anything may take on a busy machine."""


@expose
class Thing:
    def ping(self) -> str:
        return "pong"


def address(uri: URI | str) -> str:
    return str(URI(uri).location)


@contextmanager
def publishing(name_servers: str, *names: str) -> Iterator["Popen[str]"]:
    command = [
        sys.executable,
        str(processes.PEERS / "publishing_server.py"),
        name_servers,
        str(TTL_S),
        *names,
    ]
    with processes.running(command) as process:
        processes.wait_for(process, "ready")
        yield process


@contextmanager
def name_server(storage: str, port: int = 0) -> Iterator[tuple["Popen[str]", URI]]:
    command = [sys.executable, str(processes.PEERS / "our_name_server.py"), storage, str(port)]
    with processes.running(command) as process:
        yield process, URI(processes.wait_for(process, "ready ").removeprefix("ready "))


def kill(process: "Popen[str]") -> float:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return time.monotonic()


class Watch:
    """Knows all names, and waits for what happens to them."""

    def __init__(self, uri: URI) -> None:
        self._proxy = Proxy(uri, settings=ClientSettings())
        self._proxy._pyro.timeout_s = LEAST_S
        self._items: Iterator[dict[str, Any]] = iter(self._proxy.watch(0))

    def until(self, kind: str, name: str) -> float:
        """When it happened."""
        deadline = time.monotonic() + LEAST_S
        for item in self._items:
            if (item["kind"], item.get("name")) == (kind, name):
                return time.monotonic()
            assert time.monotonic() < deadline, f"no {kind} {name}"
        raise AssertionError("the stream ended")

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self._proxy._pyro.release()


def test_e1_a_killed_server_is_gone_from_the_list_within_its_lease_and_two_seconds() -> None:
    with name_server("memory") as (_, uri), Watch(uri) as watch, publishing(address(uri), "a", "b") as server:
        watch.until("added", "b")
        killed_at = kill(server)
        took_s = watch.until("expired", "a") - killed_at
        assert took_s < TTL_S + 2
        with Proxy(uri) as ns:
            assert ns.list(prefix="a") == {}


def test_e1_a_server_that_lives_keeps_its_name_for_much_longer_than_the_lease() -> None:
    with name_server("memory") as (_, uri), publishing(address(uri), "a"), Watch(uri) as watch:
        with Proxy(uri) as ns:
            ns.register("clock", "PYRO:x@localhost:1", ttl=2 * TTL_S + 1)
        watch.until("added", "a")
        watch.until("expired", "clock")  # nothing happened to the other one until then
        with Proxy(uri) as ns:
            assert list(ns.list(prefix="a")) == ["a"]


def test_a_server_that_is_asked_to_stop_takes_its_names_out_at_once() -> None:
    with name_server("memory") as (_, uri), Watch(uri) as watch, publishing(address(uri), "a") as server:
        watch.until("added", "a")
        server.terminate()
        watch.until("removed", "a")
        assert server.wait(LEAST_S) == 0


def test_names_are_back_after_the_name_server_was_restarted() -> None:
    with name_server("memory") as (first, uri), publishing(address(uri), "a"):
        kill(first)
        with name_server("memory", uri.port or 0) as (_, again), Watch(again) as watch:
            assert again == uri
            watch.until("added", "a")


def test_e4_clients_and_servers_go_on_when_one_of_two_name_servers_is_killed(tmp_path: Path) -> None:
    storage = f"sqlite:{tmp_path / 'names.db'}"
    with name_server(storage) as (first, one), name_server(storage) as (_, two):
        both = f"{address(one)},{address(two)}"
        settings = ClientSettings(ns_host=both, ns_cache=False)
        with Watch(two) as watch, publishing(both, "a"):
            watch.until("added", "a")
            kill(first)
            began_at = time.monotonic()
            with Proxy("PYRONAME:a", settings=settings) as proxy:
                assert proxy.name() == "a"
            assert time.monotonic() - began_at < LEAST_S
            with locate_ns(both) as ns:
                assert address(ns._pyro.uri) == address(two)
                ns.register("clock", "PYRO:x@localhost:1", ttl=2 * TTL_S + 1)
            watch.until("expired", "clock")
            assert str(resolve("PYRONAME:a", settings=settings))  # its lease was renewed at the other one


def test_a_frozen_name_server_does_not_hold_up_clients_of_two() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, name_server("memory") as (_, uri):
        with Proxy(uri) as ns:
            ns.register("a", "PYRO:x@localhost:1")
        settings = ClientSettings(ns_host=f"127.0.0.1:{silent.getsockname()[1]},{address(uri)}")
        began_at = time.monotonic()
        assert str(resolve("PYRONAME:a", settings=settings)) == "PYRO:x@localhost:1"
        assert str(resolve("PYRONAME:a", settings=settings)) == "PYRO:x@localhost:1"
        assert time.monotonic() - began_at < 6
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # it was tried the first time only
            silent.accept()


def test_every_address_that_was_tried_is_told(free_ports: Callable[[int], list[int]]) -> None:
    places = [f"127.0.0.1:{port}" for port in free_ports(3)]
    with pytest.raises(NameServerNotFound) as caught:
        locate_ns(",".join(places))
    assert [place for place, _ in caught.value.tried] == places
    assert all("refused" in reason for _, reason in caught.value.tried)


@pytest.mark.parametrize("face", ["sync", "async"])
def test_it_is_not_tried_any_longer_than_the_deadline_and_the_list_is_told(face: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        places = [f"127.0.0.1:{sock.getsockname()[1]}" for sock in (one, two)]
        timeouts = Timeouts(connect_s=1.5)
        settings = ClientSettings(ns_host=",".join(places), broadcast_addresses=(), timeouts=timeouts)

        async def over_there() -> None:
            async with AsyncProxy("PYRONAME:a", settings=settings) as proxy:
                await proxy.ping()

        began_at = time.monotonic()
        with pytest.raises(NameServerNotFound) as caught:
            locate_ns(settings=settings) if face == "sync" else asyncio.run(over_there())
        assert time.monotonic() - began_at < 4
        assert sorted(place for place, _ in caught.value.tried) == sorted(places)


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    def some(count: int) -> list[int]:
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        ports = [sock.getsockname()[1] for sock in sockets]
        for sock in sockets:
            sock.close()
        return ports

    return some


# ---- what clients remember


def remembered(settings: ClientSettings, uri: str) -> Any:
    names = SHARED.of(settings, None)
    assert names is not None
    return names.get(URI(uri).object)


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LEAST_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


@contextmanager
def followed(storage: str = "memory") -> Iterator[tuple[Any, ClientSettings]]:
    """A name server with the name ``a``, whose changes this process follows."""
    with start_ns("127.0.0.1", 0, storage=storage) as nameserver, Proxy(nameserver.uri) as ns:
        settings = ClientSettings(ns_host="127.0.0.1", ns_port=nameserver.uri.port or 0)
        ns.register("a", "PYRO:x@localhost:1", metadata=["t"])
        for _ in range(2):
            resolve("PYRONAME:a", settings=settings)
        names = SHARED.of(settings, None)
        assert names is not None
        eventually(lambda: names.live)
        yield ns, settings


def test_e9_names_are_remembered_until_they_change() -> None:
    with followed() as (ns, settings):
        assert remembered(settings, "PYRONAME:a") is None
        resolve("PYRONAME:a", settings=settings)
        assert remembered(settings, "PYRONAME:a") == ["PYRO:x@localhost:1"]
        resolve("PYROMETA:t", settings=settings)
        assert remembered(settings, "PYROMETA:t") == ["PYRO:x@localhost:1"]
        ns.register("a", "PYRO:x@localhost:2", metadata=["t"])
        eventually(lambda: remembered(settings, "PYRONAME:a") is None)
        assert remembered(settings, "PYROMETA:t") is None
        assert str(resolve("PYRONAME:a", settings=settings)) == "PYRO:x@localhost:2"
        ns.remove("a")
        eventually(lambda: remembered(settings, "PYRONAME:a") is None)
        with pytest.raises(NameNotFound):
            resolve("PYRONAME:a", settings=settings)


def test_e9_nothing_is_remembered_when_the_name_server_is_gone() -> None:
    with followed() as (_, settings):
        resolve("PYRONAME:a", settings=settings)
        names = SHARED.of(settings, None)
    assert names is not None
    eventually(lambda: not names.live)
    with pytest.raises(NameServerNotFound):
        resolve("PYRONAME:a", settings=settings)


def test_e9_a_single_lookup_makes_no_thread() -> None:
    before = set(threading.enumerate())
    with start_ns("127.0.0.1", 0) as nameserver, Proxy(nameserver.uri) as ns:
        ns.register("a", "PYRO:x@localhost:1")
        settings = ClientSettings(ns_host="127.0.0.1", ns_port=nameserver.uri.port or 0)
        resolve("PYRONAME:a", settings=settings)
        assert [t.name for t in set(threading.enumerate()) - before if "followed" in t.name] == []


@pytest.mark.parametrize("generation", ["4", "5"])
def test_e9_nothing_is_remembered_of_stock_name_servers(generation: str) -> None:
    with processes.server("stock_name_server.py", generation, python=stock_python()) as uri:
        settings = ClientSettings(ns_host=URI(uri).host or "", ns_port=URI(uri).port or 0)
        for _ in range(3):
            resolve("PYRONAME:Pyro.NameServer", settings=settings)
            assert remembered(settings, "PYRONAME:Pyro.NameServer") is None


def test_e9_a_remembered_address_that_is_dead_is_looked_up_once_more(
    monkeypatch: pytest.MonkeyPatch, free_ports: Callable[[int], list[int]]
) -> None:
    with followed() as (ns, settings), Daemon(host="127.0.0.1") as daemon:
        uri = daemon.register(Thing())
        daemon.start()
        names = SHARED.of(settings, None)
        assert names is not None
        moment = names.moment
        ns.register("a", uri)
        eventually(lambda: names.moment > moment)  # that was heard, and is not to come later
        (dead,) = free_ports(1)
        names._known["a"] = [f"PYRO:x@127.0.0.1:{dead}"], time.monotonic()
        with Proxy("PYRONAME:a", settings=settings) as proxy:
            assert proxy.ping() == "pong"
        assert remembered(settings, "PYRONAME:a") == [str(uri)]


@pytest.mark.parametrize("face", ["sync", "async"])
def test_e9_dead_targets_are_skipped_and_the_others_share_the_load(
    face: str, free_ports: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = [f"PYRO:x@127.0.0.1:{port}" for port in free_ports(3)]
    tried: list[object] = []

    class OutOfOrder(Daemon):
        def validate_handshake(self, connection: Any, data: Any) -> Any:
            tried.append(connection)
            raise ValueError("out of order")

    def reached(settings: ClientSettings) -> str:
        if face == "sync":
            with Proxy("PYROMETA:t", settings=settings) as proxy:
                proxy.ping()
                return str(proxy._pyro.resolved_uri)

        async def over_there() -> str:
            async with AsyncProxy("PYROMETA:t", settings=settings) as proxy:
                await proxy.ping()
                return str(proxy._pyro.resolved_uri)

        return asyncio.run(over_there())

    with start_ns("127.0.0.1", 0) as nameserver, Proxy(nameserver.uri) as ns:
        settings = ClientSettings(ns_host="127.0.0.1", ns_port=nameserver.uri.port or 0)
        for number, uri in enumerate(dead):
            ns.register(f"dead.{number}", uri, metadata=["t"])
        monkeypatch.setattr(FAILURES, "_remember_s", 600.0)
        here = ServerSettings(host="127.0.0.1")
        with OutOfOrder(here) as broken, Daemon(here) as one, Daemon(here) as two:
            ns.register("broken", broken.register(Thing()), metadata=["t"])
            broken.start()
            alive = {str(daemon.register(Thing())) for daemon in (one, two)}
            for number, uri in enumerate(alive):
                ns.register(f"alive.{number}", uri, metadata=["t"])
            one.start()
            two.start()
            assert {reached(settings) for _ in range(30)} == alive
            assert len(tried) == 1


# ---- who publishes


def test_what_is_published_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with start_ns("127.0.0.1", 0) as nameserver, Daemon(host="127.0.0.1") as daemon:
        here = address(nameserver.uri)
        thing = Thing()
        uri = daemon.publish("a", thing, ns=here, ttl=5, metadata={"x"})
        daemon.publish("b", thing, ns=here)
        daemon.publish("c", thing, ns=here, ttl=None)
        told = daemon.published
        assert {name: (one.state, one.ttl_s, one.uri) for name, one in told.items()} == {
            "a": ("leased", 5, uri),
            "b": ("leased", 20, uri),
            "c": ("permanent", None, uri),
        }
        with Proxy(nameserver.uri) as ns:
            assert ns.lookup("a", return_metadata=True) == (uri, {"x"})
            daemon.unpublish("a")
            assert sorted(ns.list()) == ["Pyro.NameServer", "b", "c"]
            daemon.close()
            assert list(ns.list()) == ["Pyro.NameServer"]
    assert "b" not in daemon.published


def test_names_of_an_object_go_with_it() -> None:
    with (
        start_ns("127.0.0.1", 0) as nameserver,
        Daemon(host="127.0.0.1") as daemon,
        Watch(nameserver.uri) as watch,
    ):
        thing = Thing()
        daemon.publish("a", thing, ns=address(nameserver.uri))
        watch.until("added", "a")
        daemon.unregister(thing)
        watch.until("removed", "a")


def test_an_async_daemon_publishes_without_blocking_its_loop() -> None:
    async def story() -> None:
        with start_ns("127.0.0.1", 0) as nameserver:
            async with AsyncDaemon(host="127.0.0.1") as daemon:
                await daemon.apublish("a", Thing(), ns=address(nameserver.uri), ttl=5)
                settings = ClientSettings(ns_host="127.0.0.1", ns_port=nameserver.uri.port or 0)
                async with AsyncProxy("PYRONAME:a", settings=settings) as proxy:
                    assert await proxy.ping() == "pong"
            with Proxy(nameserver.uri) as ns:
                assert list(ns.list()) == ["Pyro.NameServer"]

    asyncio.run(story())


def test_a_wrong_token_is_a_clear_error_for_who_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = NameServerSettings(host="127.0.0.1", port=0, register_tokens=("right",))
    with start_ns(settings=settings) as nameserver, Daemon(host="127.0.0.1") as daemon:
        monkeypatch.setenv("PYRO_NS_TOKEN", "wrong")
        with pytest.raises(NameServerNotFound, match="does not know the token; check PYRO_NS_TOKEN"):
            daemon.publish("a", Thing(), ns=address(nameserver.uri))
        monkeypatch.setenv("PYRO_NS_TOKEN", "right")
        daemon.publish("a", Thing(), ns=address(nameserver.uri))
        assert daemon.published["a"].state == "leased"


@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_name_servers_get_permanent_names(generation: str, caplog: pytest.LogCaptureFixture) -> None:
    with (
        processes.server("stock_name_server.py", generation, python=stock_python()) as uri,
        Daemon(host="127.0.0.1") as daemon,
    ):
        daemon.publish("a", Thing(), ns=address(uri), metadata=["x"])
        daemon.publish("b", Thing(), ns=address(uri))
        assert {one.state for one in daemon.published.values()} == {"permanent"}
        assert len([line for line in caplog.messages if "knows no leases" in line]) == 1
        with Proxy(uri) as ns:
            assert str(ns.lookup("a")) == str(daemon.published["a"].uri)
            daemon.close()
            assert "a" not in ns.list()
