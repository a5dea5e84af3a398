"""F2, the floor: raw blocking sockets, length-prefixed msgpack calls, and a dict look-up.

With the word ``tls``, encrypted with the certificates in the working folder.
"""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Self

import msgpack
import workloads

LENGTH = struct.Struct("!I")
CHUNK_ITEMS = 1000
"""Items of a stream in one message."""
ONEWAY = "note"
BATCH = "<batch>"
STREAM = "items"


def encrypted(sock: socket.socket, *, server: bool) -> socket.socket:
    """The socket, after the handshake if everything is encrypted."""
    if "tls" not in sys.argv:
        return sock
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH)
    if server:
        context.load_cert_chain("server.pem", "server.key")
        return context.wrap_socket(sock, server_side=True)
    context.load_verify_locations("authority.pem")
    return context.wrap_socket(sock, server_hostname="localhost")


class Wire:
    """Whole messages over a connected socket.

    Args:
        sock: The socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self._rest = b""

    def receive(self) -> Any:
        """One message, decoded; None at the end of the connection."""
        data = self._rest or self.sock.recv(65536)
        if not data:
            return None
        while len(data) < LENGTH.size:
            data += self.sock.recv(65536)
        size = LENGTH.unpack_from(data)[0] + LENGTH.size
        if len(data) < size:
            parts, missing = [data], size - len(data)
            while missing:
                parts.append(self.sock.recv(min(missing, 1 << 20)))
                missing -= len(parts[-1])
            data = b"".join(parts)
        self._rest = data[size:]
        return msgpack.unpackb(memoryview(data)[LENGTH.size : size])

    def send(self, value: Any) -> None:
        """One message."""
        payload = msgpack.packb(value)
        self.sock.sendall(LENGTH.pack(len(payload)) + payload)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()


class Remote(Wire):
    """Calls by name, and nothing else."""

    def call(self, method: str, *args: Any) -> Any:
        """One call."""
        self.send(("service", method, args, {}))
        return self.receive()

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.call(name, *args)

    def add(self, a: int, b: int) -> Any:
        """The smallest call; no look-up in its way."""
        self.send(("service", "add", (a, b), {}))
        return self.receive()

    def echo(self, value: Any) -> Any:
        """The same value back."""
        self.send(("service", "echo", (value,), {}))
        return self.receive()

    def items(self, number: int) -> Iterator[int]:
        """A stream, in chunks that are pushed."""
        self.send(("service", STREAM, (number,), {}))
        while chunk := self.receive():
            yield from chunk


class Client(workloads.Client):
    """A socket.

    Args:
        address: Host and port.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        super().__init__(self.connect())

    def connect(self) -> AbstractContextManager[Any]:
        """Another socket."""
        return Remote(encrypted(socket.create_connection(self._address), server=False))

    def batch(self, count: int) -> int:
        """One message with many calls."""
        return sum(self.service.call(BATCH, [("add", (2, 3), {})] * count))

    def notes(self, count: int) -> None:
        """Messages that are not answered."""
        for _ in range(count):
            self.service.send(("service", ONEWAY, (), {}))

    def in_flight(self, count: int) -> None:
        """A window of unanswered calls."""
        for sent in range(count + workloads.IN_FLIGHT):
            if sent < count:
                self.service.send(("service", "add", (2, 3), {}))
            if sent >= workloads.IN_FLIGHT:
                workloads.expect(self.service.receive(), 5)


def serve() -> None:
    """Serve, with a thread for each client."""
    service = workloads.Service()
    names = ("add", "echo", "upload", "note", "noted", "nap")
    methods = {("service", name): getattr(service, name) for name in names}
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listener:
        workloads.ready(f"127.0.0.1:{listener.getsockname()[1]}")
        while True:
            sock, _ = listener.accept()
            wire = Wire(encrypted(sock, server=True))
            threading.Thread(target=attend, args=(wire, methods, service), daemon=True).start()


def attend(
    wire: Wire, methods: dict[tuple[str, str], Callable[..., Any]], service: workloads.Service
) -> None:
    """Serve one client."""
    while (call := wire.receive()) is not None:
        object_id, method, args, kwargs = call
        function = methods.get((object_id, method))
        if function is None:
            special(wire, methods, service, method, args)
        elif method == ONEWAY:
            function()
        else:
            wire.send(function(*args, **kwargs))
    wire.sock.close()


def special(
    wire: Wire,
    methods: dict[tuple[str, str], Callable[..., Any]],
    service: workloads.Service,
    method: str,
    args: Any,
) -> None:
    """Answer a batch or a stream."""
    if method == BATCH:
        wire.send([methods["service", name](*args, **kwargs) for name, args, kwargs in args[0]])
        return
    chunk: list[int] = []
    for item in service.items(*args):
        chunk.append(item)
        if len(chunk) == CHUNK_ITEMS:
            wire.send(chunk)
            chunk.clear()
    if chunk:
        wire.send(chunk)
    wire.send([])


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
