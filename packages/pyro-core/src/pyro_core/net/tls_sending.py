"""Sending over TLS: what is encrypted goes out whole, and is not encrypted twice."""

import socket
import threading
from typing import Final

from pyro_core.net.tls_engine import RECORD_BYTES, TlsEngine
from pyro_core.net.tls_flags import DONT_WAIT, take_turn

_CHUNK_BYTES: Final = 8 * RECORD_BYTES
"""Encrypted at once; bounds what is held back when the peer takes nothing."""


class TlsSender:
    """Has the kernel take what a TLS engine makes of the data, and what it has to say by itself.

    Args:
        raw: The connected socket.
        engine: What encrypts.

    Attributes:
        lock: Held while sending, so that bytes stay in order.
    """

    __slots__ = ("_engine", "_owed", "_raw", "_taken_bytes", "_unsent", "lock")

    def __init__(self, raw: socket.socket, engine: TlsEngine) -> None:
        self._raw = raw
        self._engine = engine
        self.lock = threading.Lock()
        self._unsent = memoryview(b"")  # encrypted, and not taken by the kernel
        self._owed = 0  # plain bytes in there that the caller was not told are sent
        self._taken_bytes = 0  # encrypted bytes that the kernel took so far

    @property
    def holds_back(self) -> bool:
        """Whether the kernel did not take everything."""
        return bool(self._unsent)

    def send(self, data: bytes | bytearray | memoryview, flags: int) -> int:
        """Send; gives how many of the bytes must not be sent again. See ``TlsSocket.send``."""
        take_turn(self.lock, self._raw, flags, "is sending")
        before = self._taken_bytes
        try:
            if self._engine.problem is not None:
                raise self._engine.problem
            if 0 < len(data) <= RECORD_BYTES and not self._unsent and self._send_record(data, flags):
                return len(data)
            return self._send_all(memoryview(data), flags, before)
        finally:
            self.lock.release()

    def _send_record(self, data: bytes | bytearray | memoryview, flags: int) -> bool:
        """The quick way for most data; tells whether the kernel took all of it. The lock is held."""
        encrypted = self._engine.encrypted(data)
        self._owed = len(data)
        self._unsent = memoryview(encrypted)  # in case that sending fails
        taken = self._raw.send(encrypted, flags)
        self._taken_bytes += taken
        self._unsent = self._unsent[taken:]
        if self._unsent:
            return False
        self._owed = 0
        return True

    def _send_all(self, view: memoryview, flags: int, taken_before: int) -> int:
        """Send what may take several records and attempts. The lock is held."""
        sent, size = 0, len(view)
        try:
            while True:
                self._push(flags)
                # All that was encrypted is out, and with it what the caller repeats.
                out = min(self._owed, size - sent)
                self._owed -= out
                sent += out
                if sent >= size:
                    return sent
                chunk = view[sent : sent + _CHUNK_BYTES]
                self._engine.encrypt(chunk)
                self._owed = len(chunk)
        except BlockingIOError:
            if sent or self._taken_bytes > taken_before:
                return sent
            raise

    def _push(self, flags: int) -> None:
        """Have the kernel take everything that is encrypted. The lock is held."""
        while True:
            while self._unsent:
                taken = self._raw.send(self._unsent, flags)
                self._taken_bytes += taken
                self._unsent = self._unsent[taken:]
            if not self._engine.pending:
                return
            self._unsent = memoryview(self._engine.take_out())

    def push_if_free(self) -> None:
        """Send what TLS has to say by itself, unless a thread is sending, which does it then."""
        while (self._engine.pending or self._unsent) and self.lock.acquire(blocking=False):
            try:
                self._push(DONT_WAIT)
            except OSError:
                return  # goes with what is sent or received next; if the connection broke, that shows it
            finally:
                self.lock.release()

    def say_why(self) -> bool:
        """After a failure: send what TLS says about it. Tells whether that was possible."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            if self._engine.pending:
                self._raw.send(bytes(self._unsent) + self._engine.take_out(), DONT_WAIT)
            self._unsent = memoryview(b"")
        except OSError:
            return False  # it will find out without being told
        finally:
            self.lock.release()
        return True
