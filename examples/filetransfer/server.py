"""Sends and takes files in three ways.

Usage: python server.py FOLDER
"""

import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from pyro_server import Daemon, behavior, expose, serve

PIECE_BYTES = 256 << 10
PATIENCE_S = 10.0
"""How long a raw socket waits for the client."""
TICKET_CHARS = 32


@expose
@behavior(instance_mode="single")
class Files:
    """Files of one folder.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def whole(self, name: str) -> bytes:
        """A file in one piece: simple, but all of it is in memory on both sides."""
        return self._path(name).read_bytes()

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file as a stream of pieces."""
        with self._path(name).open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def store(self, name: str, pieces: Iterator[bytes]) -> int:
        """Write a file of a stream of pieces that the client sends; gives its size in bytes."""
        with self._path(name).open("wb") as file:
            size = sum(map(file.write, pieces))
        print(f"stored {size} bytes as {name}", flush=True)
        return size

    def raw(self, name: str) -> tuple[int, str, int]:
        """Where a file can be fetched as bare bytes: port, what to say there, and size in bytes."""
        file = self._path(name)
        ticket = secrets.token_hex(TICKET_CHARS // 2)
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(PATIENCE_S)
        threading.Thread(target=_send_raw, args=(listener, file, ticket), daemon=True).start()
        return listener.getsockname()[1], ticket, file.stat().st_size

    def _path(self, name: str) -> Path:
        if Path(name).name != name:
            raise ValueError(f"give the name of a file without folders, not {name!r}")
        return self._folder / name


def _send_raw(listener: socket.socket, path: Path, ticket: str) -> None:
    """Send a file to the first who comes, if it has the ticket."""
    with listener:
        connection, _ = listener.accept()
    with connection, path.open("rb") as file:
        connection.settimeout(PATIENCE_S)
        said = connection.recv(TICKET_CHARS, socket.MSG_WAITALL).decode("ascii", "replace")
        if secrets.compare_digest(said, ticket):
            print(f"the kernel sent {connection.sendfile(file)} bytes of {path.name}", flush=True)


if __name__ == "__main__":
    with Daemon(host="127.0.0.1") as daemon:
        serve({Files(Path(sys.argv[1])): "files"}, daemon=daemon, use_ns=False)
