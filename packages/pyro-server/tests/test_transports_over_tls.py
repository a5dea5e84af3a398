"""What transports promise holds over TLS as well; clients speak it with the sockets of the ``ssl`` module."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from pyro_core.net.tls import TlsSocket
from pyro_core.net.tls_contexts import client_context, server_context
from pyro_core.testing import toy_dialogue
from pyro_core.testing.certificates import Authority, have_openssl
from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.asyncio_loop import AsyncioTransport
from pyro_server.transports.multiplex import MultiplexTransport
from pyro_server.transports.threaded import ThreadedTransport

pytestmark = pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")


class ClientSocket(ssl.SSLSocket):
    """Tells of a connection that the server closed as a plain socket does."""

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except ssl.SSLEOFError as problem:
            raise ConnectionResetError(str(problem)) from problem


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = Authority(Path(tmp_path_factory.mktemp("authority")))
    return server_context(authority.server()), client_context(authority.client())


class SharedClientSocket(TlsSocket):
    """For two threads at the same time, which those of the ``ssl`` module are not before Python 3.13."""

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self.send(rest) :]


@pytest.fixture(autouse=True)
def _over_tls(contexts: Any, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    there, here = contexts
    here.sslsocket_class = ClientSocket
    plain_init = toy_dialogue.ToyClient.__init__
    shared = "both_ways" in request.node.name

    def init(client: Any, sock: socket.socket, *, hello: bool = True) -> None:
        secured: Any
        if shared:
            secured = SharedClientSocket(sock, here, server_side=False, server_hostname="localhost")
        else:
            secured = here.wrap_socket(sock, server_hostname="localhost", do_handshake_on_connect=False)
        plain_init(client, secured, hello=hello)

    monkeypatch.setattr(toy_dialogue.ToyClient, "__init__", init)
    monkeypatch.setattr(
        toy_dialogue.ToyHost, "wrap", lambda host, sock, listener: TlsSocket(sock, there, server_side=True)
    )
    monkeypatch.setattr(toy_dialogue.ToyHost, "tls_context", lambda host, listener: there)


class TestThreadedOverTls(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return ThreadedTransport


class TestMultiplexOverTls(TransportSuite):
    concurrent = False

    def transport_class(self) -> type[Transport]:
        return MultiplexTransport


class TestAsyncioOverTls(TransportSuite):
    # A client that says nothing at all has no engine yet: asyncio carries out the TLS handshake first.
    @pytest.mark.parametrize("said", [b"\x00\x00\x00"])
    def test_a_silent_client_disturbs_nobody_and_has_a_deadline(self, said: bytes) -> None:
        super().test_a_silent_client_disturbs_nobody_and_has_a_deadline(said)

    def transport_class(self) -> type[Transport]:
        return AsyncioTransport
