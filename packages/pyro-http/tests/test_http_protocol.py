import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from queue import SimpleQueue

import pytest

from pyro_core.errors import CommunicationError, SettingsError
from pyro_core.settings import ClientSettings
from pyro_http.server import GatewayServer
from pyro_http.settings import GatewaySettings
from pyro_server import Anonymous, Tokens

NOBODY = ClientSettings(ns_host="127.0.0.1:1", broadcast_addresses=())
LIMIT = 2000


@contextlib.contextmanager
def serving(**settings: object) -> Iterator[GatewayServer]:
    """A gateway whose name server cannot be reached."""
    given = GatewaySettings(port=0, **settings)  # type: ignore[arg-type]
    with GatewayServer(given, client_settings=NOBODY) as server:
        told: SimpleQueue[str] = SimpleQueue()
        thread = threading.Thread(target=server.serve, args=(told.put,))
        thread.start()
        assert server.url in told.get(timeout=10)
        yield server
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


def said(server: GatewayServer, request: bytes) -> bytes:
    """All that is answered until the server closes the connection."""
    with socket.create_connection(server.address, timeout=10) as sock:
        if request:
            sock.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := sock.recv(65536):
                answer += chunk
        return answer


def request_of(size: int) -> bytes:
    """A request whose head counts as so many bytes: the path, and each header with 4 bytes more."""
    known = len("/livez") + len("Hostlocalhost") + 4 + len("Connectionclose") + 4 + len("X-Long") + 4
    filler = "a" * (size - known)
    return f"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Long: {filler}\r\n\r\n".encode()


def test_heads_are_limited() -> None:
    with serving(max_header_bytes=LIMIT) as server:
        assert said(server, request_of(LIMIT)).startswith(b"HTTP/1.1 200")
        assert said(server, request_of(LIMIT + 1)).startswith(b"HTTP/1.1 431")
        endless = b"GET /livez HTTP/1.1\r\nX-Long: " + b"a" * 3 * LIMIT
        assert said(server, endless).startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize(
    "beginning", [b"", b"GET /livez HTTP/1.1\r\nHost: loc"], ids=["silent", "half a head"]
)
def test_who_sends_no_request_is_not_waited_for(beginning: bytes) -> None:
    with serving(head_s=0.2) as server:
        assert said(server, beginning) == b""


def test_a_gateway_without_a_name_server_says_so() -> None:
    with serving() as server:
        ready = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert said(server, ready).startswith(b"HTTP/1.1 503")
        objects = b"GET /objects HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        answer = said(server, objects)
        assert b'"type":"/problems/no-name-server"' in answer
        assert b"retry-after: 1" in answer


def test_everybody_elsewhere_is_let_in_only_on_purpose() -> None:
    with pytest.raises(SettingsError, match="can be reached from elsewhere, and nobody is asked for a token"):
        GatewayServer(GatewaySettings(host="0.0.0.0", port=0), client_settings=NOBODY)
    everywhere = GatewaySettings(host="0.0.0.0", port=0)
    tokens = Tokens({"ann": "a-token-of-some-length"})
    GatewayServer(everywhere, client_settings=NOBODY, authenticate=[tokens]).close()
    with pytest.raises(SettingsError):
        GatewayServer(everywhere, client_settings=NOBODY, authenticate=[tokens, Anonymous()])
    GatewayServer(replace(everywhere, allow_anonymous=True), client_settings=NOBODY).close()


def test_a_port_that_is_taken_is_an_error_that_says_so() -> None:
    with (
        GatewayServer(GatewaySettings(port=0), client_settings=NOBODY) as first,
        pytest.raises(CommunicationError, match="choose another place with --host and --port"),
    ):
        GatewayServer(GatewaySettings(port=first.address[1]), client_settings=NOBODY)
