"""What goes wrong in the stock systems does not go wrong here: shown with a real server, in its own process.

The numbers are those of ``docs/reference/promises.md``.
"""

import re
import resource
import socket
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import processes
import psutil
import pytest

from pyro_client import Proxy
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.names import STOCK_SERIALIZER_IDS
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_core.wire import v502
from pyro_core.wire.message import COMPRESSED, CONNECT, CONNECT_FAIL, INVOKE

SERPENT = STOCK_SERIALIZER_IDS[502]["serpent"]
HELLO = v502.pack(CONNECT, SERPENT, 0, b"{'handshake':'hello','object':'crowded'}")
IDLE = 1000
POOL = 8
PATIENCE_S = 20.0
MIB = 1 << 20


class Server:
    """The server's address and process."""

    def __init__(self, uri: str, process: psutil.Process) -> None:
        self.uri = URI(uri)
        self.process = process

    def connect(self, data: bytes = b"") -> socket.socket:
        """A connection on which some bytes have been sent."""
        sock = socket.create_connection((str(self.uri.host), self.uri.port or 0), PATIENCE_S)
        sock.sendall(data)
        return sock

    def memory_mib(self) -> float:
        return float(self.process.memory_info().rss) / MIB


def run_server(servertype: str, handshake_s: float = 60.0) -> Iterator[Server]:
    command = [sys.executable, str(processes.PEERS / "crowded_server.py"), servertype, str(handshake_s)]
    with processes.running(command) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        yield Server(uri, psutil.Process(process.pid))


@pytest.fixture(params=["threaded", "multiplex"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    yield from run_server(request.param)


@pytest.fixture
def hasty_server() -> Iterator[Server]:
    yield from run_server("threaded", handshake_s=0.2)


def everything(sock: socket.socket) -> bytes:
    """What a connection brings until the server closes it."""
    with sock:
        data = b""
        while piece := sock.recv(65536):
            data += piece
        return data


@pytest.mark.parametrize("said", [b"", HELLO[:20], HELLO[:-1]])
def test_a1_a_silent_peer_disturbs_nobody(server: Server, said: bytes) -> None:
    with server.connect(said), Proxy(server.uri) as proxy:
        proxy._pyro.timeout_s = PATIENCE_S
        assert proxy.add(2, 3) == 5


@pytest.mark.parametrize("said", [b"", HELLO[:20]])
def test_a1_the_handshake_has_a_deadline(hasty_server: Server, said: bytes) -> None:
    assert everything(hasty_server.connect(said)) == b""


def test_a2_a_thousand_idle_connections_and_a_half_header_cost_no_thread(server: Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = IDLE + 200
    if soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            pytest.skip(f"this needs {needed} descriptors, and {hard} are allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    with ExitStack() as stack:
        for _ in range(IDLE):
            sock = stack.enter_context(server.connect(HELLO))
            assert sock.recv(65536)
        stack.enter_context(server.connect(HELLO[:20]))
        with Proxy(server.uri) as proxy:
            proxy._pyro.timeout_s = PATIENCE_S
            assert [proxy.add(number, 1) for number in range(100)] == list(range(1, 101))
        # The pool, the main thread, and the one of this test's server that waits for its input to close.
        assert server.process.num_threads() <= POOL + 2


def test_a4_what_inflates_beyond_the_limit_is_refused_while_inflating(server: Server) -> None:
    bomb = zlib.compress(bytes(400 * MIB), 9)
    before = server.memory_mib()
    refused = everything(server.connect(v502.pack(CONNECT, SERPENT, 0, bomb[:100_000], COMPRESSED)))
    assert refused[6] == CONNECT_FAIL
    sock = server.connect(HELLO)
    assert sock.recv(65536)
    sock.sendall(v502.pack(INVOKE, SERPENT, 1, bomb, COMPRESSED))
    everything(sock)
    assert server.memory_mib() - before < 40
    with Proxy(server.uri) as proxy:
        assert proxy.add(1, 1) == 2


def test_a5_a_stranger_cannot_announce_much(server: Server) -> None:
    head = bytearray(HELLO[:40])
    head[12:16] = (300_000).to_bytes(4, "big")
    refused = everything(server.connect(bytes(head)))
    assert refused[6] == CONNECT_FAIL
    assert b"300000" in refused


def test_a15_the_wall_clock_is_never_asked() -> None:
    asks = re.compile(r"\btime\.time\(|from time import [^\n]*\btime\b|\bdatetime\.(now|utcnow|today)\(")
    root = Path(__file__).parent.parent / "packages"
    found = [path for path in root.glob("*/src/**/*.py") if asks.search(path.read_text(encoding="utf8"))]
    assert found == []


def test_b7_response_annotations_do_not_reach_another_clients_reply(server: Server) -> None:
    from pyro_core.context import outgoing

    with Proxy(server.uri) as one, Proxy(server.uri) as other:
        with outgoing() as first:
            one.answer_with_annotation("mine")
        with outgoing() as second:
            other.add(1, 1)
        with outgoing() as third:
            one.add(1, 1)
    assert bytes(first.response_annotations["RESP"]) == b"mine"
    assert "RESP" not in second.response_annotations
    assert "RESP" not in third.response_annotations


def test_c4_marshal_does_attributes_and_nested_objects(server: Server) -> None:
    with Proxy(server.uri, settings=ClientSettings(serializer="marshal")) as proxy:
        assert proxy.value == 17
        inside = proxy.nested_error()["deep"][0]
        assert isinstance(inside, ValueError)
        assert inside.args == ("inside",)
        assert proxy.kind_of([URI("PYRO:x@h:1")]) == "list"


def test_c5_msgpack_knows_its_extensions_as_arguments_and_keys_of_any_kind(server: Server) -> None:
    with Proxy(server.uri, settings=ClientSettings(serializer="msgpack")) as proxy:
        assert proxy.kind_of(1 + 2j) == "complex"
        assert proxy.kind_of(1 << 70) == "int"
        assert proxy.kind_of(datetime(2020, 1, 2)) == "datetime"
        assert proxy.echo({1: "a", None: "b", (1, 2): "c"}) == {1: "a", None: "b", (1, 2): "c"}
        assert proxy.moment() == datetime.fromisoformat("2026-01-02T03:04:05+02:00")
        assert proxy.moment().utcoffset() == datetime.fromisoformat("2026-01-02T03:04:05+02:00").utcoffset()


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_c6_instances_keep_their_class_tag(server: Server, serializer: str) -> None:
    settings = ClientSettings(serializer=serializer)
    with (
        Proxy(server.uri, settings=settings) as proxy,
        pytest.raises(SerializeError, match=r"__main__\.Plain"),
    ):
        proxy.plain()
    rules = ClassRules()
    rules.register_dict_to_class("__main__.Plain", lambda tag, wire: (tag, wire["a"]))
    with Proxy(server.uri, settings=settings, rules=rules) as proxy:
        assert proxy.plain() == ("__main__.Plain", 1)


def test_d1_a_class_and_an_instance_of_it_are_both_served(server: Server) -> None:
    with Proxy(str(server.uri).replace("crowded@", "class@")) as of_class, Proxy(server.uri) as of_instance:
        assert of_class.add(1, 2) == of_instance.add(1, 2) == 3
