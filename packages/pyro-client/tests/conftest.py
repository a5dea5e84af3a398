"""A scripted server on loopback, and a serializer that needs no other package."""

import ast
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import pytest

from pyro_core import plugins
from pyro_core.calls import Call
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.events import CallArrived, ConnectArrived
from pyro_core.serializer import Serializer, as_call
from pyro_core.server_session import ServerSession
from pyro_core.settings import ClientSettings, Limits
from pyro_core.uri import URI
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import (
    CONNECT_FAIL,
    EXCEPTION,
    META_ON_CONNECT,
    NO_ANNOTATIONS,
    ONEWAY,
    STREAM,
    Message,
)
from pyro_core.wire.refusal import encode_reason

PATIENCE_S = 10.0


class PlainSerializer(Serializer):
    """Python literals, with the class rules of the codec."""

    name: ClassVar[str] = "plain"
    wire_ids: ClassVar[Mapping[int, int]] = {502: 200, 48: 200}

    def encode_value(self, value: object) -> bytes:
        return repr(self._plain(value)).encode()

    def decode_value(self, data: Any) -> Any:
        try:
            return self.codec.revive(ast.literal_eval(bytes(data).decode()))
        except (ValueError, SyntaxError) as problem:
            raise SerializeError(f"not a literal: {problem}", serializer=self.name) from problem

    def _plain(self, value: object) -> Any:
        if isinstance(value, dict):
            return {self._plain(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            kind = list if isinstance(value, set | frozenset) else type(value)
            return kind([self._plain(item) for item in value])
        if value is None or isinstance(value, bool | int | float | str | bytes):
            return value
        return self._plain(self.codec.to_wire(value))


class Modern502Serializer(PlainSerializer):
    """Another number, and unknown to protocol 48."""

    name = "modern"
    wire_ids: ClassVar[Mapping[int, int]] = {502: 201}


plugins.serializers().register("plain", PlainSerializer)
plugins.serializers().register("modern", Modern502Serializer)


class Peer:
    """One connection of the server, as a script sees it."""

    def __init__(self, server: "FakeServer", sock: socket.socket, session: ServerSession) -> None:
        self.server = server
        self.sock = sock
        self.session = session
        self.request: Message = None  # type: ignore[assignment]

    @property
    def serializer(self) -> Serializer:
        return self.server.serializer_for(self.request)

    def answer(
        self, value: Any, *, annotations: Mapping[str, bytes] = NO_ANNOTATIONS, flags: int = 0
    ) -> bytes:
        payload = self.serializer.encode_value(value)
        return self.session.reply(self.request, payload, flags=flags, annotations=annotations)

    def reply(self, value: Any, *, annotations: Mapping[str, bytes] = NO_ANNOTATIONS, flags: int = 0) -> None:
        self.sock.sendall(self.answer(value, annotations=annotations, flags=flags))

    def fail(self, error: BaseException) -> None:
        self.reply(error, flags=EXCEPTION)

    def stream(self, stream_id: str | None) -> None:
        annotations = {} if stream_id is None else {"STRM": stream_id.encode()}
        self.reply(ValueError("iterator"), flags=EXCEPTION | STREAM, annotations=annotations)

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class FakeServer:
    """Accepts connections and answers calls as a table of scripts says.

    Attributes:
        scripts: Method name -> function of peer and call that sends whatever it wants.
        calls: What arrived.
        requests: The messages in which it arrived.
        received_bytes: How much arrived.
        handshakes: What clients said when they connected.
        connects: The CONNECT messages.
        metadata: Sent in the handshake; None to make clients ask for it.
        speaks: The only protocol version to speak, or None for both.
        refusal: Reason to turn everybody away, or None.
    """

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, path: str | None = None) -> None:
        self.rules = ClassRules()
        self.scripts: dict[str, Callable[[Peer, Call], object]] = {
            "add": lambda peer, call: peer.reply(call.args[0] + call.args[1]),
            "echo": lambda peer, call: peer.reply(call.args[0]),
            "__getattr__": lambda peer, call: peer.reply(f"value of {call.args[0]}"),
            "__setattr__": lambda peer, call: peer.reply(None),
            "note": lambda peer, call: self.noted.set(),
        }
        self.calls: list[Call] = []
        self.handshakes: list[dict[str, Any]] = []
        self.connects: list[Message] = []
        self.requests: list[Message] = []
        self.metadata: dict[str, Any] | None = {
            "methods": ["add", "echo", "note"],
            "oneway": ["note"],
            "attrs": ["x"],
        }
        self.greeting: Any = "hello"
        self.speaks: int | None = None
        self.refusal: str | None = None
        self.refuse_in_clients_serializer = False
        self.received_bytes = 0
        self.noted = threading.Event()
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind(path or ("127.0.0.1", 0))
        self._listener.listen()
        self._path = path
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def uri(self) -> URI:
        return self.uri_of("thing")

    def uri_of(self, name: str) -> URI:
        if self._path:
            return URI.for_location(name, sockname=self._path)
        return URI.for_location(name, host="127.0.0.1", port=self.port)

    def serializer_for(self, message: Message) -> Serializer:
        cls = {200: PlainSerializer, 201: Modern502Serializer}[message.serializer_id]
        return cls(self.rules.for_version(message.version))

    def hang_up_on_everybody(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up_on_everybody()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for sock in self._sockets:
            sock.close()

    def serve(self, sock: socket.socket, *, handshake: bool = True) -> None:
        """Serve a connected socket in another thread."""
        self._sockets.append(sock)
        self._start(lambda: self._converse(sock, handshake))

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.serve(self._listener.accept()[0])

    def _converse(self, sock: socket.socket, handshake: bool) -> None:
        session = ServerSession(limits=Limits(), require_handshake=handshake)
        peer = Peer(self, sock, session)
        with contextlib.suppress(OSError):
            while data := sock.recv(65536):
                self.received_bytes += len(data)
                session.receive_data(data)
                for event in session.events():
                    if isinstance(event, ConnectArrived) and not self._greet(peer, event.message):
                        peer.hang_up()
                        return
                    if isinstance(event, CallArrived):
                        self._run(peer, event.message)
                sock.sendall(session.data_to_send())
        peer.hang_up()

    def _greet(self, peer: Peer, message: Message) -> bool:
        self.connects.append(message)
        peer.request = message
        if self.speaks not in (None, message.version):
            codec = codec_for(self.speaks)  # type: ignore[arg-type]
            reason = encode_reason("invalid data or unsupported protocol version")
            peer.sock.sendall(codec.pack(CONNECT_FAIL, codec.MARSHAL_ID, 0, reason))
            return False
        serializer = peer.serializer
        self.handshakes.append(serializer.decode_value(message.payload))
        if self.refusal is not None:
            if self.refuse_in_clients_serializer:
                payload = serializer.encode_value(self.refusal)
                peer.sock.sendall(peer.session.reject(message, payload, serializer_id=message.serializer_id))
            else:
                peer.sock.sendall(peer.session.reject(message, self.refusal))
            return False
        answer: Any = {"handshake": self.greeting, "meta": self.metadata}
        if message.version == 48 and (not message.flags & META_ON_CONNECT or self.metadata is None):
            message.flags = 0
            answer = self.greeting
        peer.sock.sendall(peer.session.accept(message, serializer.encode_value(answer)))
        return True

    def _run(self, peer: Peer, message: Message) -> None:
        peer.request = message
        self.requests.append(message)
        call = as_call(peer.serializer.decode_value(message.payload), "plain")
        self.calls.append(call)
        script = self.scripts.get(call.method)
        if script is not None:
            script(peer, call)
        elif not message.flags & ONEWAY:
            peer.fail(AttributeError(f"no {call.method}"))


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def unix_server(tmp_path: Any) -> Iterator[FakeServer]:
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("needs Unix sockets")
    server = FakeServer(socket.AF_UNIX, os.fspath(tmp_path / "sock"))
    yield server
    server.close()


@pytest.fixture
def settings(server: FakeServer) -> ClientSettings:
    """Everything plain; the name server is where the fake server is, and nobody broadcasts."""
    return ClientSettings(
        serializer="plain", ns_host="127.0.0.1", ns_port=server.port, broadcast_addresses=()
    )


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
