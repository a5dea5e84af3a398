"""Bytes that arrive on an event loop."""

import asyncio
from typing import Final

_FIRST_BYTES: Final = 1 << 14
_MOST_BYTES: Final = 1 << 18


class ArrivingBytes(asyncio.BufferedProtocol):
    """An ``asyncio.Protocol`` in all but name that receives into one buffer.

    For each ``data_received`` of a real one, the event loop allocates 256 KB, most of which it gives back;
    that can cost more than all the rest of a small message's way. Here the buffer is small until it was full.
    """

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(_FIRST_BYTES))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        buffer = self._buffer
        data = bytes(buffer[:nbytes])
        if nbytes == len(buffer) < _MOST_BYTES:
            self._buffer = memoryview(bytearray(_MOST_BYTES))
        self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """Take bytes that arrived."""
        raise NotImplementedError
