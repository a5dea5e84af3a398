import logging
import socket
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import CommunicationError, PyroError, SettingsError
from pyro_core.settings import TLS, Listen, ServerSettings
from pyro_server import Daemon, expose
from pyro_server.listeners import Listeners, place_of

UNIX = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")


@expose
class Thing:
    def f(self) -> int:
        return 1


class Contexts:
    """Stands in for ready TLS contexts: which one is asked for is the question here."""

    def __init__(self, tls: TLS, *, server_side: bool) -> None:
        assert server_side
        self.tls = tls
        self.reloaded = 0

    def current(self) -> Any:
        return self.tls

    def reload(self) -> None:
        self.reloaded += 1


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("pyro_core.net.tls_contexts.TlsContexts", Contexts)
    found = Listeners(ServerSettings(tls=TLS(certfile="everybody")))
    opened: list[Any] = []
    found.opened = opened  # type: ignore[attr-defined]
    yield found
    found.close(opened)


def test_each_place_has_its_own_tls_or_that_of_the_daemon_or_none(listeners: Any) -> None:
    own = TLS(certfile="own")
    places = [
        Listen(host="127.0.0.1"),
        Listen(host="127.0.0.1", tls=own),
        Listen(host="127.0.0.1", tls=False),
    ]
    sockets = listeners.open_all(places)
    listeners.opened += sockets
    assert [listeners.context_for(sock) for sock in sockets] == [TLS(certfile="everybody"), own, None]
    assert listeners.context_for(None) is None
    raw = object()
    assert listeners.wrap(raw, sockets[2]) is raw


def test_places_with_the_same_tls_share_its_files(listeners: Any) -> None:
    listeners.opened += listeners.open_all([Listen(host="127.0.0.1"), Listen(host="127.0.0.1")])
    (contexts,) = listeners._contexts.values()
    listeners.reload_tls()
    assert contexts.reloaded == 1


def test_a_transport_that_never_asks_about_tls_gets_no_connections(listeners: Any) -> None:
    listeners.check_is_asked()  # nothing is to be encrypted
    (sock,) = listeners.open(Listen(host="127.0.0.1"))
    listeners.opened.append(sock)
    with pytest.raises(PyroError, match="'threaded' does not speak TLS"):
        listeners.check_is_asked()
    listeners.context_for(sock)
    listeners.check_is_asked()


@UNIX
def test_if_one_place_cannot_be_had_none_is(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    found = Listeners(ServerSettings())
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = Listen(host="127.0.0.1", port=other.getsockname()[1])
        with pytest.raises(CommunicationError, match="another process listens there"):
            found.open_all([Listen(unixsocket=str(path)), taken])
    assert not path.exists()


def test_the_place_that_settings_name() -> None:
    place = place_of(ServerSettings(host="h", port=1, nathost="n", natport=2))
    assert place == Listen(host="h", port=1, nathost="n", natport=2)


@UNIX
@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
def test_a_daemon_listens_in_several_places(tmp_path: Path, servertype: str) -> None:
    path = str(tmp_path / "socket")
    with Daemon(listen=[Listen(host="127.0.0.1"), Listen(unixsocket=path)], servertype=servertype) as daemon:
        uri = daemon.register(Thing(), "thing")
        assert uri == daemon.uri_for("thing")
        assert (
            daemon.listen("127.0.0.1", nathost="outside", natport=7)
            == daemon.uris_for("thing", nat=False)[2].location
        )
        assert [str(found.location) for found in daemon.uris_for("thing")] == [
            daemon.location,
            f"./u:{path}",
            "outside:7",
        ]
        daemon.start()
        for found in daemon.uris_for("thing", nat=False):
            if found.sockname:
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.connect(found.sockname)
            else:
                socket.create_connection((found.host or "", found.port or 0)).close()
    assert not list(tmp_path.iterdir())


def test_places_are_given_in_one_way_only() -> None:
    for other in ({"host": "127.0.0.1"}, {"port": 1}, {"unixsocket": "x"}, {"nathost": "n"}):
        with pytest.raises(ValueError, match="give host, port and so on there"):
            Daemon(listen=[Listen()], **other)  # type: ignore[arg-type]


@UNIX
def test_a_place_that_comes_too_late_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    mine, theirs = socket.socketpair()
    with mine, Daemon(connected_socket=theirs) as daemon:
        with pytest.raises(PyroError, match="does not listen"):
            daemon.listen(unixsocket=str(path))
        assert len(daemon.uris_for("thing")) == 1
    assert not path.exists()


def test_tls_files_that_cannot_be_used_leave_nothing_open() -> None:
    with Daemon(host="127.0.0.1") as daemon:
        with pytest.raises(SettingsError, match="nowhere"):
            daemon.listen(tls=TLS(certfile="/nowhere"))
        assert len(daemon.uris_for("thing")) == 1


def test_listening_on_all_interfaces_says_what_is_published(caplog: pytest.LogCaptureFixture) -> None:
    """D7"""
    caplog.set_level(logging.INFO)
    for host in ("", "0.0.0.0", "::"):
        caplog.clear()
        with Daemon(host=host) as daemon:
            uri = daemon.uri_for("thing")
            assert uri.host not in ("", "0.0.0.0", "::", "localhost", None)
            assert f"published as {uri.host}" in caplog.text


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
def test_all_interfaces_serve_both_kinds_of_addresses(servertype: str) -> None:
    with Daemon(host="", servertype=servertype) as daemon:
        port = daemon.uri_for("thing").port
        daemon.start()
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port or 0), timeout=5).close()


def test_a_listening_socket_can_be_handed_over(listeners: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        assert listeners.open(Listen(socket=sock, nathost="outside.example")) == [sock]
        (outside,) = listeners.uris("x")
        (inside,) = listeners.uris("x", nat=False)
        assert (outside.location, inside.location) == (f"outside.example:{port}", f"127.0.0.1:{port}")


def test_a_daemon_serves_on_a_socket_that_somebody_else_opened() -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    with Daemon(listen=[Listen(socket=sock)]) as daemon:
        assert daemon.location == f"127.0.0.1:{sock.getsockname()[1]}"
        daemon.start()
        socket.create_connection(sock.getsockname(), timeout=20).close()
    assert sock.fileno() < 0


@UNIX
def test_the_file_of_a_unix_socket_that_somebody_else_opened_stays(tmp_path: Path) -> None:
    path = tmp_path / "sock"
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen()
    with Daemon(listen=[Listen(socket=sock)]) as daemon:
        assert daemon.location == f"./u:{path}"
    assert path.exists()
