"""Takes and gives large values.

Usage: python server.py
"""

from collections.abc import Iterator

from pyro_server import expose, serve

PIECE_BYTES = 1 << 20


@expose
class Warehouse:
    """Knows how much arrived, and sends as much as is asked for."""

    def receive(self, data: str | bytes | bytearray) -> tuple[str, int]:
        """What arrived: its type, and how long it is."""
        print(f"received {len(data)} in one {type(data).__name__}", flush=True)
        return type(data).__name__, len(data)

    def pieces(self, size: int) -> Iterator[bytes]:
        """As many bytes as are asked for, in pieces; only one of them is in memory at a time."""
        for begin in range(0, size, PIECE_BYTES):
            yield bytes(min(PIECE_BYTES, size - begin))


if __name__ == "__main__":
    serve({Warehouse: "example.huge"}, use_ns=False)
