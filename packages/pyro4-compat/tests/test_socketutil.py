"""Sockets that programs deal with themselves."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Pyro4 import errors, socketutil
from Pyro4.configuration import config
from Pyro4.socketutil import SocketConnection
from pyro_core.testing.certificates import Authority, have_openssl


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_all_of_the_data_arrives(pair: tuple[socket.socket, socket.socket]) -> None:
    socketutil.sendData(pair[0], b"foobar")
    assert socketutil.receiveData(pair[1], 4) == b"foob"
    assert socketutil.receiveData(pair[1], 2) == b"ar"


def test_what_came_before_the_end_is_told(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].sendall(b"ab")
    pair[0].close()
    with pytest.raises(errors.ConnectionClosedError, match="not enough data") as caught:
        socketutil.receiveData(pair[1], 3)
    assert caught.value.partialData == b"ab"  # type: ignore[attr-defined]
    with pytest.raises(errors.ConnectionClosedError, match="sending: connection lost"):
        socketutil.sendData(pair[1], b"x")


def test_waiting_ends(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].settimeout(0.01)
    with pytest.raises(errors.TimeoutError, match="receiving: timeout"):
        socketutil.receiveData(pair[0], 1)
    with pytest.raises(errors.TimeoutError, match="sending: timeout"):
        socketutil.sendData(pair[0], bytes(10_000_000))


class Hesitant:
    """A socket that must not wait, of which something arrives at the second attempt."""

    def __init__(self, sock: socket.socket, other: socket.socket) -> None:
        self._sock, self._other = sock, other
        self.attempts = 0

    def recv(self, size: int) -> bytes:
        self.attempts += 1
        if self.attempts == 1:
            self._other.sendall(b"late")
            raise BlockingIOError(socketutil.ERRNO_RETRIES[1], "not yet")
        return self._sock.recv(size)

    def gettimeout(self) -> float:
        return 0.0

    def fileno(self) -> int:
        return self._sock.fileno()


def test_sockets_that_must_not_wait_are_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    assert socketutil.receiveData(Hesitant(*pair), 4) == b"late"


def test_sockets_listen_and_connect(tmp_path: Path) -> None:
    for place in (("localhost", 0), str(tmp_path / "socket")):
        with socketutil.createSocket(bind=place, reuseaddr=True, timeout=0) as listening:
            assert listening.gettimeout() is None
            with socketutil.createSocket(connect=listening.getsockname(), timeout=3) as sock:
                assert sock.gettimeout() == 3
                assert socketutil.family_str(sock) == ("Unix" if isinstance(place, str) else "IPv4")
            socketutil.interruptSocket(listening.getsockname())
    with pytest.raises(ValueError, match="at the same time"):
        socketutil.createSocket(bind=("localhost", 0), connect=("localhost", 1))
    with pytest.raises(FileNotFoundError):
        socketutil.createSocket(connect=str(tmp_path / "nothing"))
    socketutil.interruptSocket(str(tmp_path / "nothing"))


def test_addresses() -> None:
    assert socketutil.getIpAddress("127.0.0.1") == "127.0.0.1"
    assert socketutil.getIpVersion("::1") == 6
    assert socketutil.getIpVersion("127.0.0.1") == 4
    assert socketutil.getIpAddress("127.0.0.1", ipVersion=0) == "127.0.0.1"
    with pytest.raises(OSError, match="IPV6"):
        socketutil.getIpAddress("127.0.0.1", ipVersion=6)
    with pytest.raises(ValueError, match="use 4, 6"):
        socketutil.getIpAddress("localhost", ipVersion=5)


def test_connections_close_once_and_take_along_what_belongs_to_them() -> None:
    class Resource:
        closed = 0

        def close(self) -> None:
            self.closed += 1

    resource = Resource()
    here, there = socket.socketpair()
    with there:
        with SocketConnection(here, "an object") as connection:
            connection.tracked_resources.add(resource)
            connection.pyroInstances[Resource] = resource
            connection.timeout = 3
            assert (connection.timeout, connection.family(), connection.getpeercert()) == (3, "Unix", None)
            assert connection.fileno() == here.fileno()
        connection.close()
        assert resource.closed == 1
        assert not connection.pyroInstances
        assert connection.sock is here
        kept = SocketConnection(there, keep_open=True)
        kept.close()
        assert kept.fileno() != -1


@pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")
def test_contexts_are_made_once(tmp_path: Path) -> None:
    # Expired, as those that come with Pyro4.
    certfile, keyfile = map(str, Authority(tmp_path).issue("server", expired=True))
    config.SSL_REQUIRECLIENTCERT = True
    server = socketutil.getSSLcontext(certfile, keyfile)
    assert server is socketutil.getSSLcontext(certfile, keyfile)
    assert server.verify_mode == ssl.CERT_REQUIRED
    config.SSL_REQUIRECLIENTCERT = False
    assert socketutil.getSSLcontext(certfile, keyfile).verify_mode == ssl.CERT_NONE
    client = socketutil.getSSLcontext(clientcert=certfile, clientkey=keyfile, cacerts=certfile)
    assert client.check_hostname
    with pytest.raises(ValueError, match="both"):
        socketutil.getSSLcontext(certfile, clientcert=certfile)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem"):
        socketutil.getSSLcontext(str(tmp_path / "nowhere.pem"))
    # What is left out is as it is configured.
    config.SSL_CLIENTCERT, config.SSL_CLIENTKEY, config.SSL_CACERTS = certfile, keyfile, certfile
    assert socketutil.getSSLcontext() is client


class NativeConnection:
    """What a view needs of a server's connection."""

    def __init__(self, sock: Any) -> None:
        self.socket = sock
        self.tracked = frozenset({1})


def test_views_are_of_connections_that_others_own(pair: tuple[socket.socket, socket.socket]) -> None:
    native = NativeConnection(pair[0])
    view = SocketConnection.view(native)
    assert isinstance(view, SocketConnection)
    assert view == SocketConnection.view(native)
    assert len({view, SocketConnection.view(native)}) == 1
    assert view != SocketConnection.view(NativeConnection(pair[0]))
    assert view.tracked_resources == {1}
    assert view.pyroInstances == {}
    view.timeout = 5
    assert pair[0].gettimeout() is None
    view.close()
    assert pair[0].fileno() != -1
    assert pair[1].recv(1) == b""


class Generous:
    """A socket that gives more than it is asked for, as with TLS."""

    family = socket.AF_INET

    def recv(self, size: int) -> bytes:
        return b"abcdef"


def test_what_came_early_is_kept() -> None:
    view = SocketConnection.view(NativeConnection(Generous()))
    assert [view.recv(4), view.recv(1), view.recv(1), view.recv(2)] == [b"abcd", b"e", b"f", b"ab"]
