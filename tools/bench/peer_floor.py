"""F2, the floor: a raw blocking-socket ping-pong of length-prefixed msgpack calls with a dict look-up."""

import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import msgpack
import workloads

LENGTH = struct.Struct("!I")


def receive(sock: socket.socket) -> Any:
    """One whole message, decoded; None at the end of the connection."""
    data = sock.recv(65536)
    if not data:
        return None
    size = LENGTH.unpack_from(data)[0] + LENGTH.size
    parts = [data]
    missing = size - len(data)
    while missing:
        parts.append(sock.recv(min(missing, 1 << 20)))
        missing -= len(parts[-1])
    return msgpack.unpackb(b"".join(parts)[LENGTH.size :])


def send(sock: socket.socket, value: Any) -> None:
    """One message."""
    payload = msgpack.packb(value)
    sock.sendall(LENGTH.pack(len(payload)) + payload)


class Client:
    """Calls by name, and nothing else."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._sock = socket.create_connection((host, int(port)))
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def add(self, a: int, b: int) -> Any:
        """W1."""
        send(self._sock, ("service", "add", (a, b), {}))
        return receive(self._sock)

    def echo(self, value: Any) -> Any:
        """W2."""
        send(self._sock, ("service", "echo", (value,), {}))
        return receive(self._sock)


def serve() -> None:
    """Serve one client."""
    service = workloads.Service()
    methods: dict[tuple[str, str], Callable[..., object]] = {
        ("service", "add"): service.add,
        ("service", "echo"): service.echo,
    }
    with socket.create_server(("127.0.0.1", 0)) as listener:
        workloads.ready(f"127.0.0.1:{listener.getsockname()[1]}")
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (call := receive(sock)) is not None:
            object_id, method, args, kwargs = call
            send(sock, methods[object_id, method](*args, **kwargs))


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
