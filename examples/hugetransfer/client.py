"""Sends large values with each serializer, and reads a larger one in pieces.

Usage: python client.py ADDRESS [MEBIBYTES]
"""

import sys
import time
from typing import Any

from pyro_client import Proxy

SERIALIZERS = ("serpent", "json", "msgpack")
DEADLINE_S = 30.0
"""For each whole call, however much it carries."""


def send(address: str, serializer: str, data: Any) -> None:
    """Send something, and say how quickly it was there.

    Args:
        address: Of the server's object.
        serializer: How to write it.
        data: What to send.
    """
    with Proxy(address) as server:
        server._pyro.serializer = serializer
        server._pyro.timeout_s = DEADLINE_S
        server._pyro.bind()
        began = time.perf_counter()
        kind, length = server.receive(data)
        rate = length / (time.perf_counter() - began) / 2**20
        print(f"{serializer:>8}: {type(data).__name__:>9} of {length} arrived as {kind:9} {rate:6.0f} MiB/s")


def main(address: str, mebibytes: int) -> None:
    """Send much in several ways.

    Args:
        address: Of the server's object.
        mebibytes: How much each time.
    """
    size = mebibytes << 20
    for serializer in SERIALIZERS:
        for data in ("x" * size, bytes(size), bytearray(size)):
            send(address, serializer, data)
    with Proxy(address) as server:
        server._pyro.timeout_s = DEADLINE_S
        total = sum(map(len, server.pieces(4 * size)))
        print(f"{total} bytes came in pieces, never more than a few of them in memory")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5)
