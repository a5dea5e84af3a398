"""A whole name server, on loopback."""

import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from pyro_client import Proxy, locate_ns
from pyro_core.errors import NameNotFound, NameOwned, NameTaken, NamingError, SettingsError
from pyro_core.names import NAMESERVER_ID
from pyro_core.settings import Limits, NameServerSettings, ServerSettings
from pyro_core.testing.clock import FakeClock
from pyro_core.uri import URI
from pyro_nameserver import NameServer, start_ns, start_ns_loop
from pyro_nameserver.storage.memory import MemoryStorage

HERE = "PYRO:obj@localhost:4444"
LOOPBACK = NameServerSettings(host="127.0.0.1", port=0)


def test_clients_register_and_find_names() -> None:
    with start_ns(settings=LOOPBACK) as nameserver, Proxy(nameserver.uri) as ns:
        ns.ping()
        ns.register("a", HERE, metadata={"x"})
        assert ns.lookup("a") == URI(HERE)
        assert ns.lookup("a", return_metadata=True) == (URI(HERE), {"x"})
        assert ns.list(return_metadata=True)["a"] == (HERE, {"x"})
        assert ns.yplookup(meta_any=["x"], return_metadata=False) == {"a": HERE}
        assert ns.count() == 2
        assert ns.remove("a") == 1


def test_errors_arrive_with_their_types_and_fields() -> None:
    with start_ns(settings=LOOPBACK) as nameserver, Proxy(nameserver.uri) as ns:
        ns.register("warehouse", HERE)
        with pytest.raises(NameNotFound, match="did you mean 'warehouse'") as caught:
            ns.lookup("wharehouse")
        assert tuple(caught.value.near) == ("warehouse",)
        with pytest.raises(NameTaken):
            ns.register("warehouse", HERE, safe=True)
        with pytest.raises(TypeError, match="metadata should not be a str"):
            ns.register("b", HERE, metadata="x")
        with pytest.raises(AttributeError):
            ns.announce(HERE)


def test_no_client_can_replace_or_remove_the_name_server_itself() -> None:
    """E10."""
    with start_ns(settings=LOOPBACK) as nameserver, Proxy(nameserver.uri) as ns:
        with pytest.raises(NamingError, match="reserved"):
            ns.register(NAMESERVER_ID, HERE)
        assert ns.remove(NAMESERVER_ID) == ns.remove(regex=".") == 0
        assert ns.lookup(NAMESERVER_ID) == nameserver.uri


def test_others_are_answered_while_a_regex_takes_its_time() -> None:
    """A12."""
    limits = Limits(query_regex_s=1.0)
    with start_ns(settings=LOOPBACK, server_settings=ServerSettings(limits=limits)) as nameserver:
        with Proxy(nameserver.uri) as ns:
            ns.register("a" * 60 + "!", HERE)
        refused = threading.Event()

        def attack() -> None:
            with Proxy(nameserver.uri) as ns, pytest.raises(NamingError, match="takes longer"):
                ns.list(regex="(a+)+$")
            refused.set()

        attacker = threading.Thread(target=attack)
        attacker.start()
        with Proxy(nameserver.uri) as ns:
            answered = 0
            while not refused.is_set() and answered < 50:
                ns.lookup(NAMESERVER_ID)
                answered += 1
        assert answered == 50, "not held up"
        attacker.join(20)
        assert refused.is_set()


def test_names_in_a_file_outlive_the_name_server(tmp_path: Path) -> None:
    storage = f"sqlite:{tmp_path / 'names'}"
    with start_ns(settings=LOOPBACK, storage=storage) as nameserver, Proxy(nameserver.uri) as ns:
        ns.register("a", HERE, metadata=["x"])
    with start_ns(settings=LOOPBACK, storage=storage) as nameserver, Proxy(nameserver.uri) as ns:
        assert ns.list() == {"a": HERE, NAMESERVER_ID: str(nameserver.uri)}


def test_an_open_storage_may_be_given() -> None:
    storage = MemoryStorage()
    with start_ns(settings=LOOPBACK, storage=storage) as nameserver, Proxy(nameserver.uri) as ns:
        ns.register("a", HERE)
        assert storage.count() == 1


def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "ns")
    with start_ns(unixsocket=path) as nameserver, locate_ns(f"./u:{path}") as ns:
        assert nameserver.uri.sockname == path
        assert nameserver.broadcast is None
        ns.ping()


def test_it_is_published_under_another_address() -> None:
    with start_ns(settings=LOOPBACK, nathost="ns.example", natport=1234) as nameserver:
        assert str(nameserver.uri) == "PYRO:Pyro.NameServer@ns.example:1234"


def test_loopback_gets_no_broadcast_responder() -> None:
    with start_ns(settings=LOOPBACK, broadcast=True) as nameserver:
        assert nameserver.broadcast is None
        assert "Not answering broadcasts." in nameserver.banner()


def test_the_broadcast_responder_runs_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyro_nameserver.service.reaches_others", lambda uri: True)
    with (
        start_ns(settings=LOOPBACK, broadcast_host="127.0.0.1", broadcast_port=0) as nameserver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker,
    ):
        assert nameserver.broadcast is not None
        asker.settimeout(10)
        asker.sendto(b"GET_NSURI", nameserver.broadcast.address)
        assert asker.recv(200) == str(nameserver.uri).encode()


def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(Exception, match="in use"):
            start_ns("127.0.0.1", taken, storage=f"sqlite:{tmp_path / 'names'}")
    with pytest.raises(SettingsError, match="auto-clean"):
        start_ns(settings=LOOPBACK, autoclean_s=1)
    with pytest.raises(SettingsError, match="invalid storage type 'bogus'"):
        start_ns(settings=LOOPBACK, storage="bogus")


def test_closing_twice_is_fine() -> None:
    nameserver = start_ns(settings=LOOPBACK)
    nameserver.close()
    nameserver.close()


def test_dead_servers_are_forgotten_where_asked_for() -> None:
    with start_ns(settings=LOOPBACK, autoclean_s=100) as nameserver:
        assert any(thread.name == "pyro-ns-autoclean" for thread in threading.enumerate())
        nameserver.close()
    assert not any(thread.name == "pyro-ns-autoclean" for thread in threading.enumerate())


def test_the_settings_of_its_daemon_may_be_given() -> None:
    with NameServer(LOOPBACK, ServerSettings(serializers=("json",), host="192.0.2.1")) as nameserver:
        assert nameserver.daemon.settings.serializers == ("json",)
        assert nameserver.uri.host == "127.0.0.1"


def test_the_loop_ends_when_told_in_another_thread() -> None:
    said: list[str] = []
    stop = threading.Event()
    ready = threading.Event()

    def announce(text: str) -> None:
        said.append(text)
        ready.set()

    def run() -> None:
        start_ns_loop(LOOPBACK, running=lambda: not stop.is_set(), announce=announce)

    loop = threading.Thread(target=run)
    loop.start()
    assert ready.wait(10)
    uri = said[0].rpartition("URI = ")[2]
    with Proxy(uri) as ns:
        ns.ping()
    stop.set()
    loop.join(20)
    assert not loop.is_alive()


PROGRAM = """
from pyro_core.settings import NameServerSettings
from pyro_nameserver import start_ns_loop
start_ns_loop(NameServerSettings(host="127.0.0.1", port=0), announce=lambda text: print(text, flush=True))
print("gone gracefully", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_the_loop_gracefully(number: signal.Signals) -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    with closing(program.stdout):
        try:
            while not next(program.stdout).startswith("URI = "):
                pass
            program.send_signal(number)
            assert program.stdout.read() == "gone gracefully\n"
            assert program.wait(20) == 0
        finally:
            program.kill()
            program.wait()


def test_several_processes_would_each_know_other_names() -> None:
    with pytest.raises(SettingsError, match="one process"):
        start_ns(settings=LOOPBACK, server_settings=ServerSettings(servertype="prefork", processes=2))


@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
def test_watchers_are_told_of_changes(servertype: str) -> None:
    server_settings = ServerSettings(servertype=servertype)
    with (
        start_ns(settings=LOOPBACK, server_settings=server_settings) as nameserver,
        Proxy(nameserver.uri) as ns,
        Proxy(nameserver.uri) as other,
    ):
        ns.register("before", HERE)
        items = iter(ns.watch(0))
        assert [next(items)["kind"] for _ in range(3)] == ["reset", "added", "current"]
        other.register("a", HERE, ttl=30, owner="mine")
        added = next(items)
        assert (added["kind"], added["name"], added["uri"], added["ttl"]) == ("added", "a", HERE, 30.0)
        other.remove("a", owner="mine")
        assert next(items)["kind"] == "removed"
        resumed = iter(other.watch(added["revision"]))
        assert next(resumed)["kind"] == "removed"


def test_idle_watchers_take_no_thread() -> None:
    """More of them than there are threads for calls, and every one is told."""
    server_settings = ServerSettings(threads=4)
    with start_ns(settings=LOOPBACK, server_settings=server_settings) as nameserver:
        proxies = [Proxy(nameserver.uri) for _ in range(12)]
        streams = [iter(proxy.watch()) for proxy in proxies]
        assert {next(stream)["kind"] for stream in streams} == {"current"}
        with Proxy(nameserver.uri) as ns:
            ns.register("a", HERE)
        assert [next(stream)["name"] for stream in streams] == ["a"] * 12
        for proxy in proxies:
            proxy._pyro.release()


@pytest.mark.parametrize("storage", ["memory", "sqlite"])
def test_a_name_vanishes_with_its_lease(storage: str, tmp_path: Path) -> None:
    spec = "memory" if storage == "memory" else f"sqlite:{tmp_path}/names"
    with start_ns(settings=LOOPBACK, storage=spec) as nameserver, Proxy(nameserver.uri) as ns:
        items = iter(ns.watch())
        begun_at = time.monotonic()
        ns.register("a", HERE, ttl=2, owner="mine")
        registered_at = time.monotonic()
        assert [next(items)["kind"] for _ in range(3)] == ["current", "added", "expired"]
        assert time.monotonic() - begun_at >= 2.0
        assert time.monotonic() - registered_at < 2.0 + 2.0
        assert ns.list("a") == {}


def test_the_error_about_somebody_elses_name_arrives() -> None:
    with start_ns(settings=LOOPBACK) as nameserver, Proxy(nameserver.uri) as ns:
        token = ns.register("a", HERE, ttl=30)
        with pytest.raises(NameOwned, match="'a' is registered under a lease") as caught:
            ns.register("a", HERE)
        assert caught.value.name == "a"
        assert ns.renew(["a", "b"], token) == ["b"]


def test_a_driven_name_server_finds_ended_leases_without_a_thread() -> None:
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    with start_ns(settings=LOOPBACK, storage=storage, driven=True) as nameserver:
        nameserver.registry.register("a", HERE, ttl=5)
        clock.advance(5.0)
        assert nameserver.patience_s <= 1.0
        nameserver.events([])
        assert storage.count() == 0
