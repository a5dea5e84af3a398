"""The name server of Pyro4, and how it is found. Nothing here sends broadcasts."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from Pyro4 import constants, core, errors, naming, naming_storage
from Pyro4.facade import locating

URI = "PYRO:object@localhost:4444"


@pytest.fixture(autouse=True)
def _default_config() -> Iterator[None]:
    yield
    Pyro4.config.reset(False)


@pytest.fixture
def ns() -> naming.NameServer:
    return naming.NameServer()


@pytest.fixture
def served() -> Iterator[naming.NameServerDaemon]:
    _, daemon, _ = naming.startNS(port=0)
    thread = threading.Thread(target=daemon.requestLoop)
    thread.start()
    yield daemon
    daemon.shutdown()
    thread.join()


def port_of(daemon: naming.NameServerDaemon) -> int:
    port: int = daemon.sock.getsockname()[1]
    return port


# ---- the remote object, used directly


def test_names_come_back_as_addresses_of_pyro4(ns: naming.NameServer) -> None:
    ns.register("one", URI)
    ns.register("two", core.URI(URI), metadata=["b", "a"])
    assert type(ns.lookup("one")) is core.URI
    assert ns.lookup("two", return_metadata=True) == (core.URI(URI), ["a", "b"])
    assert ns.list() == {"one": URI, "two": URI}
    assert ns.list(prefix="o", return_metadata=True) == {"one": (URI, [])}
    assert (
        ns.list(metadata_all=["a"]) == ns.list(metadata_any={"a", "z"}) == ns.list(regex="tw") == {"two": URI}
    )
    ns.set_metadata("one", {"c"})
    assert ns.list(metadata_any=["c"]) == {"one": URI}
    assert ns.count() == 2
    assert ns.remove("one", prefix="t") == 1
    assert ns.remove("one") == ns.remove() == 0
    assert ns.remove(regex=".*") == 1


def test_its_errors_have_the_texts_that_programs_know(ns: naming.NameServer) -> None:
    ns.register("one", URI)
    with pytest.raises(errors.NamingError, match=r"^name already registered: one$"):
        ns.register("one", URI, safe=True)
    with pytest.raises(errors.NamingError, match=r"^unknown name: ones$"):  # without a hint at similar names
        ns.lookup("ones")
    with pytest.raises(errors.NamingError, match=r"^unknown name: ones$"):
        ns.set_metadata("ones", [])
    with pytest.raises(errors.NamingError, match=r"^invalid regex: "):
        ns.list(regex="((")
    with pytest.raises(ValueError, match="only filter on one thing"):
        ns.list(prefix="a", metadata_all=[])


def test_a_storage_of_the_program(tmp_path: Path) -> None:
    storage = naming_storage.SqlStorage(str(tmp_path / "names.sql"))
    ns = naming.NameServer(storage)
    ns.register("one", URI, metadata={"x"})
    assert ns.storage is storage
    assert dict(storage) == {"one": (URI, {"x"})}
    storage.close()


# ---- in a daemon


def test_clients_use_it(served: naming.NameServerDaemon) -> None:
    with Pyro4.locateNS("localhost", port_of(served)) as ns:
        assert ns._pyroMethods >= {"register", "lookup", "remove", "list", "set_metadata", "count", "ping"}
        ns.register("one", URI, metadata=["tag"])
        assert ns.lookup("one") == core.URI(URI)
        with pytest.raises(errors.NamingError, match=r"^unknown name: two$"):
            ns.lookup("two")
        with pytest.raises(errors.NamingError, match="reserved for the name server"):
            ns.register(constants.NAMESERVER_NAME, URI)
        _, tags = ns.lookup(constants.NAMESERVER_NAME, return_metadata=True)
        assert tags == ["class:Pyro4.naming.NameServer"]
    where = f"@localhost:{port_of(served)}"
    assert Pyro4.resolve(f"PYRONAME:one{where}") == core.URI(URI)
    assert Pyro4.resolve(f"PYROMETA:tag{where}") == core.URI(URI)
    with pytest.raises(errors.NamingError, match=r"no registrations .* {'none', 'tag'}"):
        Pyro4.resolve(f"PYROMETA:tag,none{where}")


def test_a_daemon_that_is_closed_has_no_name_server() -> None:
    with naming.NameServerDaemon(port=0) as daemon:
        assert daemon.nameserver is not None
        assert daemon.cleaner_thread is None
    assert daemon.nameserver is None
    with pytest.raises(ValueError, match="invalid storage type"):
        naming.NameServerDaemon(port=0, storage="bogus")


def test_auto_clean_has_the_old_names_for_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    Pyro4.config.NS_AUTOCLEAN = 0.01
    with pytest.raises(ValueError, match="3"):
        naming.NameServerDaemon(port=0)
    monkeypatch.setattr(naming.AutoCleaner, "override_autoclean_min", True)
    monkeypatch.setattr(naming.AutoCleaner, "max_unreachable_time", 0)
    with naming.NameServerDaemon(port=0) as daemon, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # nobody listens there
        assert daemon.nameserver is not None
        assert daemon.cleaner_thread is not None
        daemon.cleaner_thread.close()
        cleaner = naming.AutoCleaner(daemon.nameserver)
        daemon.nameserver.register("gone", f"PYRO:x@127.0.0.1:{bound.getsockname()[1]}")
        assert cleaner.sweep() == ["gone"]
        assert daemon.nameserver.count() == 1


def test_the_broadcast_server_has_the_old_names() -> None:
    with naming.BroadcastServer(core.URI(URI), bchost="127.0.0.1", bcport=0) as server:
        assert server.sock.fileno() == server.fileno()
        assert server.locationStr == f"127.0.0.1:{server.getPort()}"
        assert str(server.nsUri) == URI
        server.processRequest()
        thread = server.runInThread()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.sendto(b"GET_NSURI", ("127.0.0.1", server.getPort()))
            assert client.recv(100) == URI.encode()
    thread.join(5)
    assert not thread.is_alive()
    with pytest.raises(ValueError, match="IPv6"):
        naming.BroadcastServer(core.URI(URI), ipv6=True)


# ---- finding it


class Asked:
    """What is tried, in order; nothing of it is there but the answer to broadcasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: str | None = None) -> None:
        self.tried: list[Any] = []
        self.answer = answer
        monkeypatch.setattr(locating, "_connected", self.connect)
        monkeypatch.setattr("pyro_client.broadcast.ask", self.ask)

    def connect(self, host: str, port: int, hmac_key: Any) -> None:
        self.tried.append((host, port))
        raise errors.NamingError("no")

    def ask(self, addresses: list[str], port: int, wait_s: float) -> list[str]:
        self.tried.append((*addresses, port))
        return [self.answer] if self.answer else []


@pytest.mark.parametrize(
    ("arguments", "settings", "tried"),
    [
        ({}, {}, [("localhost", 9090), ("127.0.1.1", 9090), ("all", 9091), ("localhost", 9090)]),
        ({"port": 5}, {}, [("localhost", 5), ("127.0.1.1", 5), ("all", 5), ("localhost", 9090)]),
        ({"port": 5}, {"NS_HOST": "far"}, [("all", 5), ("far", 9090)]),
        ({"broadcast": False}, {"NS_HOST": "far"}, [("far", 9090)]),
        ({}, {"NS_HOST": "far", "PREFER_IP_VERSION": 6}, [("far", 9090)]),
        ({"host": "there"}, {}, [("there", 9090)]),
        ({"host": "there", "port": 5}, {}, [("there", 5)]),
        ({"host": ""}, {}, [("localhost", 9090)]),
    ],
)
def test_where_it_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: Any, settings: Any, tried: Any
) -> None:
    asked = Asked(monkeypatch)
    for name, value in {"BROADCAST_ADDRS": "all", **settings}.items():
        setattr(Pyro4.config, name, value)
    with pytest.raises(errors.NamingError):
        Pyro4.locateNS(**arguments)
    assert asked.tried == tried


def test_who_answers_a_broadcast_is_not_connected_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    Asked(monkeypatch, "PYRO:Pyro.NameServer@there:9090")
    found = Pyro4.locateNS(hmac_key="secret")
    assert (str(found._pyroUri), found._pyroHmacKey) == ("PYRO:Pyro.NameServer@there:9090", b"secret")
    assert found._pyroConnection is None


def test_none_found(tmp_path: Path) -> None:
    for place in (f"./u:{tmp_path}/none", "no such host", "::1 or so"):
        with pytest.raises(errors.NamingError, match=r"^Failed to locate the nameserver$"):
            Pyro4.locateNS(place, 1)
    with pytest.raises(TypeError, match="can only resolve Pyro URIs"):
        Pyro4.resolve(5)  # type: ignore[arg-type]
    assert type(Pyro4.resolve(URI)) is core.URI


# ---- the command


def test_the_banner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming.NameServerDaemon, "requestLoop", lambda self: None)
    storage = f"sql:{tmp_path}/names.sql"
    names = naming_storage.open_names(storage)
    names["one"] = (URI, ())
    names.close()
    naming.main(["-p", "0", "--nathost", "outside", "--natport", "99", "-s", storage])
    with pytest.warns(DeprecationWarning, match="-k"):
        naming.main(["-u", str(tmp_path / "socket"), "-k", "secret"])
    text = capsys.readouterr().out
    port = text.partition("localhost:")[2].partition(" ")[0]
    assert text.splitlines() == [
        "Not starting broadcast server for localhost.",
        "Persistent store contains 2 existing registrations.",
        f"NS running on localhost:{port} (127.0.0.1)",
        "Warning: HMAC key not set. Anyone can connect to this server!",
        f"internal URI = PYRO:Pyro.NameServer@localhost:{port}",
        "external URI = PYRO:Pyro.NameServer@outside:99",
        "NS shut down.",
        f"NS running on ./u:{tmp_path}/socket (Unix domain socket)",
        f"URI = PYRO:Pyro.NameServer@./u:{tmp_path}/socket",
        "NS shut down.",
    ]


def test_options_that_make_no_sense_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="invalid storage type 'bogus'"):
        naming.main(["-p", "0", "-s", "bogus"])
    with pytest.raises(SystemExit):
        naming.main(["--bogus"])
    assert "no such option" in capsys.readouterr().err
