"""F2, the floor: a raw blocking-socket ping-pong of length-prefixed msgpack calls with a dict look-up."""

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgpack
import workloads

LENGTH = struct.Struct("!I")
WINDOW = 64
"""Calls in flight in W12."""


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


def receive_some(sock: socket.socket, rest: bytearray) -> Iterator[Any]:
    """The messages that come with one ``recv``, decoded; ``rest`` keeps the beginning of another one."""
    rest += sock.recv(65536)
    start = 0
    while len(rest) - start >= LENGTH.size:
        end = start + LENGTH.size + LENGTH.unpack_from(rest, start)[0]
        if end > len(rest):
            break
        yield msgpack.unpackb(rest[start + LENGTH.size : end])
        start = end
    del rest[:start]


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

    def pipeline(self, count: int) -> None:
        """W12: that many calls, 64 of them in flight, each sent when an answer has come."""
        rest = bytearray()
        for _ in range(WINDOW):
            send(self._sock, ("service", "add", (2, 3), {}))
        begun, due = WINDOW, count
        while due:
            for _ in receive_some(self._sock, rest):
                due -= 1
                if begun < count:
                    begun += 1
                    send(self._sock, ("service", "add", (2, 3), {}))


def obey(client: Client) -> None:
    """Like ``workloads.obey``, with W12."""
    for line in sys.stdin:
        workload, count = line.split()
        if workload == "W12":
            began = time.perf_counter()
            client.pipeline(int(count))
            print(time.perf_counter() - began, flush=True)
        else:
            workloads.obey(client, [line])


def serve(*, pipelined: bool = False) -> None:
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
        if pipelined:
            rest = bytearray()
            while True:
                for object_id, method, args, kwargs in receive_some(sock, rest):
                    send(sock, methods[object_id, method](*args, **kwargs))
        while (call := receive(sock)) is not None:
            object_id, method, args, kwargs = call
            send(sock, methods[object_id, method](*args, **kwargs))


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(pipelined=sys.argv[2:] == ["pipelined"])
    else:
        obey(Client(sys.argv[2]))
