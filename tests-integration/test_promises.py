"""Nobody can keep the server from serving others: shown with a real server, in its own process.

The numbers are those of ``docs/reference/promises.md``.
"""

import re
import resource
import signal
import socket
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from promise_server import PATIENCE_S, POOL, Server, answer, everything, hello, run_server

from pyro_client import Proxy
from pyro_core.errors import CommunicationError
from pyro_core.names import STOCK_SERIALIZER_IDS
from pyro_core.settings import ServerSettings
from pyro_core.uri import URI
from pyro_core.wire import v502
from pyro_core.wire.message import COMPRESSED, CONNECT, CONNECT_FAIL, CONNECT_OK, INVOKE
from pyro_server import Daemon

SERPENT = STOCK_SERIALIZER_IDS[502]["serpent"]
HELLO = hello(SERPENT, b"{'handshake':'hello','object':'crowded'}")
IDLE = 1000
MIB = 1 << 20
HALVES = [
    pytest.param(b"", id="nothing"),
    pytest.param(HELLO[:20], id="half a header"),
    pytest.param(HELLO[:-1], id="most of a message"),
]


@pytest.fixture(params=["threaded", "multiplex"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with run_server(request.param) as running:
        yield running


@pytest.fixture(params=["threaded", "multiplex"])
def hasty_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with run_server(request.param, handshake_s=0.2) as running:
        yield running


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Enough for the idle connections; the server helps itself to as many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = IDLE + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this needs {needed} descriptors, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("said", HALVES)
def test_a1_a_silent_peer_disturbs_nobody(server: Server, said: bytes) -> None:
    with server.connect(said), Proxy(server.uri) as proxy:
        proxy._pyro.timeout_s = PATIENCE_S
        assert proxy.add(2, 3) == 5


@pytest.mark.parametrize("said", HALVES)
def test_a1_the_handshake_has_a_deadline(hasty_server: Server, said: bytes) -> None:
    assert everything(hasty_server.connect(said)) == b""


@pytest.mark.usefixtures("many_descriptors")
def test_a2_a_thousand_idle_connections_and_a_half_header_cost_no_thread(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(IDLE):
            assert answer(stack.enter_context(server.connect(HELLO))).kind == CONNECT_OK
        stack.enter_context(server.connect(HELLO[:20]))
        with Proxy(server.uri) as proxy:
            proxy._pyro.timeout_s = PATIENCE_S
            assert [proxy.add(number, 1) for number in range(100)] == list(range(1, 101))
        # The pool, the main thread, and the one of this test's server that waits for its input to close.
        assert server.process.num_threads() <= POOL + 2


def test_a4_what_inflates_beyond_the_limit_is_refused_before_the_handshake(server: Server) -> None:
    bomb = zlib.compress(bytes(100 * MIB), 9)
    before = server.peak_memory_mib()
    refused = everything(server.connect(v502.pack(CONNECT, SERPENT, 0, bomb, COMPRESSED)))
    assert v502.decode(refused).kind == CONNECT_FAIL
    assert server.peak_memory_mib() - before < 10


def test_a4_what_inflates_beyond_the_limit_is_refused_while_inflating(server: Server) -> None:
    bomb = zlib.compress(bytes(400 * MIB), 9)
    with server.connect(HELLO) as sock:
        assert answer(sock).kind == CONNECT_OK
        before = server.peak_memory_mib()
        sock.sendall(v502.pack(INVOKE, SERPENT, 1, bomb, COMPRESSED))
        everything(sock)
    assert server.peak_memory_mib() - before < 40
    with Proxy(server.uri) as proxy:
        assert proxy.add(1, 1) == 2


def test_a5_a_stranger_cannot_announce_much(server: Server) -> None:
    head = bytearray(HELLO[:40])
    head[12:16] = (300_000).to_bytes(4, "big")
    sock = server.connect(bytes(head))
    sock.shutdown(socket.SHUT_WR)  # so that who waits for more is not waited for
    refused = v502.decode(everything(sock))
    assert refused.kind == CONNECT_FAIL
    assert b"300000" in bytes(refused.payload)


def test_a11_the_socket_file_of_a_killed_server_is_replaced_and_that_of_a_live_one_is_not(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "server.sock")
    with run_server(unixsocket=path) as killed:
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait(PATIENCE_S)
    assert Path(path).is_socket()
    with run_server(unixsocket=path) as server:
        with pytest.raises(CommunicationError, match="another process listens there"):
            Daemon(ServerSettings(unixsocket=path))
        with Proxy(URI(f"PYRO:crowded@./u:{path}")) as proxy:
            assert proxy._pyro.uri == server.uri
            assert proxy.add(1, 1) == 2


def test_a13_both_sides_notice_within_a_minute_that_the_other_is_dead(server: Server) -> None:
    with Proxy(server.uri) as proxy:
        (of_server,) = proxy.socket_options()
        connection: Any = proxy._pyro.connection
        link: socket.socket = connection.link.sock
        of_client = {
            name: link.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in of_server
            if name.startswith("TCP_")
        }
        of_client["SO_KEEPALIVE"] = link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    for found in (of_server, of_client):
        assert found["SO_KEEPALIVE"]
        assert found["TCP_NODELAY"]
        assert found["TCP_KEEPIDLE"] + found["TCP_KEEPINTVL"] * found["TCP_KEEPCNT"] <= 60
        assert 0 < found["TCP_USER_TIMEOUT"] <= 60_000


def test_a15_the_wall_clock_is_never_asked() -> None:
    asks = re.compile(
        r"\btime\.time(_ns)?\(|from time import [^\n]*\btime\b|\bdatetime\.(now|utcnow|today)\("
    )
    root = Path(__file__).parent.parent / "packages"
    files = list(root.glob("*/src/**/*.py"))
    assert len(files) > 50
    files.remove(root / "pyro-cli/src/pyro_cli/certificates.py")  # certificates are valid until a date
    files.remove(root / "pyro-observe/src/pyro_observe/access_log.py")  # says when a call was made
    assert [path for path in files if asks.search(path.read_text(encoding="utf8"))] == []
