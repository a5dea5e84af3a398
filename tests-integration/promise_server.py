"""The server of the tests of promises, seen from the tests: how to run it, talk to it and measure it."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import processes
import psutil

from pyro_core.net import sockets
from pyro_core.uri import URI
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import CONNECT, Message

PATIENCE_S = 20.0
POOL = 8
"""Threads that the server may use for calls."""


class Server:
    """The server's address and process.

    Args:
        uri: Address of its object ``crowded``.
        process: Its process.
    """

    def __init__(self, uri: str, process: psutil.Process) -> None:
        self.uri = URI(uri)
        self.process = process

    def object(self, name: str) -> URI:
        """Another object of the same server."""
        return URI(str(self.uri).replace("crowded@", f"{name}@"))

    def connect(self, data: bytes = b"") -> socket.socket:
        """A connection on which some bytes have been sent."""
        sock = sockets.connect(self.uri, timeout_s=PATIENCE_S)
        sock.settimeout(PATIENCE_S / 2)
        sock.sendall(data)
        return sock

    def peak_memory_mib(self) -> float:
        """The most memory that the process ever had, so that what was given back counts too."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024


@contextmanager
def run_server(
    servertype: str = "threaded", *, handshake_s: float = 60.0, unixsocket: str = ""
) -> Iterator[Server]:
    """Run the server in a process of its own."""
    script = str(processes.PEERS / "crowded_server.py")
    with processes.running([sys.executable, script, servertype, str(handshake_s), unixsocket]) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        yield Server(uri, psutil.Process(process.pid))


def hello(serializer_id: int, payload: bytes, version: int = 502) -> bytes:
    """A handshake as it goes over the wire."""
    return codec_for(version).pack(CONNECT, serializer_id, 0, payload)


def answer(sock: socket.socket, version: int = 502) -> Message:
    """The next message of a connection."""
    codec = codec_for(version)
    head = codec.parse_header(data := exactly(sock, codec.HEADER_SIZE))
    return codec.decode(data + exactly(sock, head.annotations_size + head.payload_size))


def exactly(sock: socket.socket, size: int) -> bytes:
    """That many bytes."""
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, f"the server closed the connection after {data!r}"
        data += piece
    return data


def everything(sock: socket.socket) -> bytes:
    """What a connection brings until the server closes it."""
    with sock:
        data = b""
        while piece := sock.recv(65536):
            data += piece
        return data
