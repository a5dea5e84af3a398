"""Bytes that arrive on an event loop."""

import asyncio
import threading
from typing import Final

_BYTES: Final = 1 << 18


class _Shared(threading.local):
    """The buffer of the event loop of a thread."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(_BYTES))


_SHARED: Final = _Shared()


class ArrivingBytes(asyncio.BufferedProtocol):
    """An ``asyncio.Protocol`` in all but name that receives into a buffer which all of a thread share.

    For each ``data_received`` of a real one, the event loop allocates 256 KB, most of which it gives back;
    that can cost more than all the rest of a small message's way. Sharing is safe: every loop asks for the
    buffer, fills it and tells so without doing anything else between.
    """

    def __init__(self) -> None:
        self._buffer = _SHARED.buffer

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """Take bytes that arrived."""
        raise NotImplementedError
