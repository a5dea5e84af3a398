"""Publishing objects, with and without a name server. See ``docs/reference/server-chapter.md``."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chapter_daemons import LOOPBACK, PATIENCE_S

from pyro_client import URI, DaemonError, Proxy, locate_ns
from pyro_nameserver import start_ns
from pyro_server import Daemon, current_call, expose, serve


@expose
class Thing:
    def __init__(self) -> None:
        self.calls = 0

    def method(self, arg: Any) -> Any:
        self.calls += 1
        return arg * 2

    def own_address(self) -> URI:
        address: URI = current_call().daemon.uri_for(self)
        return address

    def end(self) -> None:
        current_call().daemon.shutdown()


class Slotted:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 3

    def get(self) -> int:
        return self.value


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with Daemon(LOOPBACK) as daemon:
        yield daemon


@pytest.fixture
def ns_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A name server where programs look for one."""
    with start_ns("127.0.0.1", 0) as nameserver:
        assert nameserver.uri.port is not None
        monkeypatch.setenv("PYRO_NS_HOST", "127.0.0.1")
        monkeypatch.setenv("PYRO_NS_PORT", str(nameserver.uri.port))
        yield nameserver.uri.port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_object_is_registered_served_and_called_by_its_address() -> None:
    daemon = Daemon()
    uri = daemon.register(Thing())
    assert re.fullmatch(r"PYRO:obj_[0-9a-f]{32}@localhost:\d+", str(uri))

    def visit() -> None:
        with Proxy(str(uri)) as thing:
            results.append(thing.method(42))
            thing.end()

    results: list[int] = []
    with daemon, in_background(visit):
        daemon.request_loop()
    assert results == [84]


def test_objects_with_slots_and_of_built_in_types_can_be_published_too(daemon: Daemon) -> None:
    slotted = daemon.register(Slotted(), expose=["get"])
    builtin = daemon.register([1, 2], expose=["append", "__len__", "__getitem__"])
    daemon.start()
    with Proxy(slotted) as proxy, Proxy(builtin) as items:
        assert proxy.get() == 3
        items.append("three")
        assert (len(items), items[2]) == (3, "three")


@pytest.mark.parametrize("name", [None, "thing"])
def test_one_statement_publishes_objects_and_prints_their_addresses(
    name: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    printed: list[str] = []

    def visit() -> None:
        with Proxy(f"PYRO:Pyro.Daemon@127.0.0.1:{port}") as of_daemon:
            of_daemon._pyro.reconnect(first_wait_s=0.01)
            (object_id,) = set(of_daemon.registered()) - {"Pyro.Daemon"}
        with Proxy(f"PYRO:{object_id}@127.0.0.1:{port}") as thing:
            assert thing.method(21) == 42
            printed.append(f"uri = {thing._pyro.uri}\n")
            thing.end()

    with in_background(visit):
        serve({Thing(): name}, host="127.0.0.1", port=port, use_ns=False, verbose=True)
    output = capsys.readouterr().out
    assert printed[0] in output
    assert "Pyro daemon running." in output
    assert (f"PYRO:thing@127.0.0.1:{port}" in output) == (name == "thing")


def test_it_uses_the_name_server_and_a_given_daemon(
    daemon: Daemon, ns_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with locate_ns() as names:

        def visit() -> None:
            with Proxy("PYRONAME:mythingy") as thing:
                wait_for_name("mythingy")
                assert thing.method(42) == 84
                assert names.lookup("mythingy") == thing.own_address()
                assert thing.own_address().location == daemon.location
                thing.end()

        with in_background(visit):
            serve({Thing(): "mythingy"}, daemon=daemon, use_ns=True, verbose=False)
        assert capsys.readouterr().out == ""
        assert names.list(prefix="mythingy") == {}  # and the name is gone with the server


def wait_for_name(name: str) -> None:
    with locate_ns() as names:
        while not names.list(prefix=name):
            pass  # each round is a call of the name server, which is on its way to be told


def test_without_that_statement_it_is_a_few_more(daemon: Daemon, ns_port: int) -> None:
    uri = daemon.register(Thing())
    with locate_ns() as names:
        names.register("mythingy", uri)
    daemon.start()
    with Proxy("PYRONAME:mythingy") as thing:
        assert thing.method(42) == 84


def test_an_object_may_be_given_an_id_which_must_be_free(daemon: Daemon) -> None:
    assert daemon.register(Thing(), "musicserver").object == "musicserver"
    with pytest.raises(DaemonError, match="already registered with id 'musicserver'"):
        daemon.register(Thing(), "musicserver")
    with pytest.raises(DaemonError, match="reserved"):
        daemon.register(Thing(), "Pyro.Daemon")
    replaced = Thing()
    daemon.register(replaced, "musicserver", force=True)
    daemon.start()
    with Proxy(daemon.uri_for("musicserver")) as thing:
        thing.method(1)
    assert replaced.calls == 1


def test_the_daemon_makes_the_address_of_an_object_or_id_again(daemon: Daemon) -> None:
    thing = Thing()
    uri = daemon.register(thing)
    assert daemon.uri_for(thing) == daemon.uri_for(uri.object) == uri
    with pytest.raises(DaemonError, match="not registered"):
        daemon.uri_for(Thing())


@pytest.mark.parametrize("by", ["object", "id"])
def test_an_unregistered_object_is_published_no_longer(daemon: Daemon, by: str) -> None:
    thing = Thing()
    uri = daemon.register(thing)
    daemon.start()
    with Proxy(uri) as proxy:
        assert proxy.method(1) == 2
        daemon.unregister(thing if by == "object" else uri.object)
        with pytest.raises(DaemonError, match="unknown object"):
            proxy.method(1)
    assert not vars(thing).keys() - {"calls"}  # nothing was ever written on it
    again = daemon.register(thing)
    assert again != uri
    with Proxy(again) as proxy:
        assert proxy.method(2) == 4


def test_calls_always_run_on_the_object_that_was_registered(daemon: Daemon) -> None:
    thing = Thing()
    uri = daemon.register(thing)
    daemon.start()
    for _ in range(3):
        with Proxy(uri) as proxy:
            proxy.method(1)
    assert thing.calls == 3


def test_a_method_knows_its_daemon_and_its_own_address(daemon: Daemon) -> None:
    uri = daemon.register(Thing())
    daemon.start()
    with Proxy(uri) as proxy:
        assert proxy.own_address() == uri
