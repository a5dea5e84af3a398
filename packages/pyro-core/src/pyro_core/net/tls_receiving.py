"""Receiving over TLS: everything that can be had is given at once, and the wait for a record has an end."""

import errno
import socket
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Final

from pyro_core.net.tls_engine import RECORD_BYTES, TlsEngine
from pyro_core.net.tls_failures import TlsError
from pyro_core.net.tls_flags import DONT_WAIT, PEEK, may_wait, take_turn
from pyro_core.net.tls_sending import TlsSender

_LAST_WORDS: Final = 8
"""How often to read on after a failure, to find or to make room for the reason."""


def last_words(raw: socket.socket) -> Iterator[bytes]:
    """What has arrived when something failed, without waiting for more and without reading for ever.

    Raises:
        OSError: If nothing more has arrived, or the connection broke.
    """
    for _ in range(_LAST_WORDS):
        chunk = raw.recv(RECORD_BYTES, DONT_WAIT)
        if not chunk:
            return
        yield chunk


class TlsReceiver:
    """Takes encrypted bytes from the kernel and gives what a TLS engine makes of them.

    Args:
        raw: The connected socket.
        engine: What decrypts.
        sender: For what TLS says by itself when something has arrived.

    Attributes:
        lock: Held while receiving, so that bytes stay in order.
    """

    __slots__ = ("_engine", "_held", "_raw", "_sender", "lock")

    def __init__(self, raw: socket.socket, engine: TlsEngine, sender: TlsSender) -> None:
        self._raw = raw
        self._engine = engine
        self._sender = sender
        self.lock = threading.Lock()
        self._held = b""  # decrypted, and not given to anybody

    def recv(self, size: int, flags: int, patience_s: float | None) -> bytes:
        """Everything that has arrived; empty at the end. See ``TlsSocket.recv``.

        Args:
            size: How many bytes to take from the kernel, at least one record.
            flags: As for a socket.
            patience_s: Seconds that a record may take to arrive; None for the socket's time limit.
        """
        take_turn(self.lock, self._raw, flags, "is receiving")
        try:
            data = self._held or self._receive(max(size, RECORD_BYTES), flags & ~PEEK, patience_s)
            self._held = data if flags & PEEK else b""
            return data
        finally:
            self.lock.release()

    def _receive(self, size: int, flags: int, patience_s: float | None) -> bytes:
        engine = self._engine
        give_up_at: float | None = None
        if engine.problem is not None:
            raise engine.problem
        while not engine.ended:
            chunk = self._raw.recv(size, flags)
            if not chunk:  # without a farewell; messages know their own length, so nothing is cut off unseen
                engine.ended = True
                break
            try:
                data = engine.decrypt(chunk)
            except TlsError:
                self._sender.say_why()
                raise
            self._sender.push_if_free()
            if data:
                if engine.ended:
                    self._let_end_be_seen()
                return data
            # Part of a record: whoever sends it bit by bit must not make us wait any longer for that.
            limit_s = patience_s or self._raw.gettimeout()
            if limit_s:
                now = monotonic()
                give_up_at = give_up_at or now + limit_s
                if now >= give_up_at:
                    raise BlockingIOError(errno.EAGAIN, "only part of a TLS record arrived in time")
        return b""

    def _let_end_be_seen(self) -> None:
        """Make the raw socket readable: the farewell that came together with data is no longer in it."""
        try:
            self._raw.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # it is at its end anyway

    def look_for_reason(self) -> None:
        """After sending failed: see whether the other side said why it closed the connection."""
        if may_wait(self._raw, DONT_WAIT) or not self.lock.acquire(blocking=False):
            return  # looking might wait, or whoever is receiving finds out
        try:
            for chunk in last_words(self._raw):
                self._held += self._engine.decrypt(chunk)
        except OSError:
            pass  # a TlsError is remembered, which is all that matters
        finally:
            self.lock.release()
