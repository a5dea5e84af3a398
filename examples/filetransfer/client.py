"""Fetches a file in three ways and sends it back, with progress.

Usage: python client.py ADDRESS [MEBIBYTES]
"""

import hashlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator

from pyro_client import Proxy, Transfer

PIECE_BYTES = 256 << 10
NAME = "film.bin"


def pieces_of(data: bytes) -> Iterator[bytes]:
    """Some data in pieces."""
    view = memoryview(data)
    for begin in range(0, len(data), PIECE_BYTES):
        yield bytes(view[begin : begin + PIECE_BYTES])


def fetch_raw(files: Proxy) -> bytes:
    """Fetch the file as bare bytes over a socket of its own."""
    port, ticket, size = files.raw(NAME)
    with socket.create_connection((files._pyro.uri.host, port)) as connection:
        connection.sendall(ticket.encode("ascii"))
        with connection.makefile("rb") as stream:
            return stream.read(size)


class Progress:
    """Prints how far a message is, for each quarter of it."""

    def __init__(self) -> None:
        self._quarters = 0

    def __call__(self, transfer: Transfer) -> None:
        quarters = 4 * transfer.done_bytes // transfer.total_bytes
        if quarters != self._quarters:
            self._quarters = quarters
            print(f"    {transfer.direction}: {25 * quarters} %")


def show(way: str, original: bytes, fetch: Callable[[], bytes]) -> None:
    """Fetch the file in one way; say how quickly, and whether it is the same."""
    began = time.perf_counter()
    data = fetch()
    rate = len(data) / (time.perf_counter() - began) / 2**20
    same = hashlib.sha256(data).digest() == hashlib.sha256(original).digest()
    print(f"{way:12} {len(data)} bytes, {'the same' if same else 'DAMAGED'}, {rate:.0f} MiB/s")


def main(address: str, mebibytes: int) -> None:
    """Send a file of random bytes, and fetch it again.

    Args:
        address: Of the server's object.
        mebibytes: How large it is.
    """
    film = os.urandom(mebibytes << 20)
    with Proxy(address) as files:
        print(f"sent {files.store(NAME, pieces_of(film))} bytes as a stream")
        show("as a stream:", film, lambda: b"".join(files.pieces(NAME)))
        show("bare bytes:", film, lambda: fetch_raw(files))
        files._pyro.on_transfer = Progress()
        show("in one call:", film, lambda: files.whole(NAME))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
