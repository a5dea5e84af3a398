"""The TLS handshake on a socket: as far as it goes without waiting, or all of it within a time limit."""

import errno
import selectors
import socket
import threading
from time import monotonic
from typing import Final

from pyro_core.net.tls_engine import TlsEngine
from pyro_core.net.tls_failures import TlsError
from pyro_core.net.tls_flags import DONT_WAIT, PEEK, may_wait, take_turn
from pyro_core.net.tls_receiving import last_words
from pyro_core.net.tls_sending import TlsSender

_HEADER_BYTES: Final = 5


class TlsHandshake:
    """Carries out the handshake of a TLS engine.

    Takes no bytes from the kernel that come behind the handshake, so that a poller sees them.

    Args:
        raw: The connected socket.
        engine: What to say and to check.
        sender: For what it says.

    Attributes:
        done: Whether both sides know each other now.
    """

    __slots__ = ("_body_bytes", "_engine", "_header", "_lock", "_raw", "_sender", "done")

    def __init__(self, raw: socket.socket, engine: TlsEngine, sender: TlsSender) -> None:
        self._raw = raw
        self._engine = engine
        self._sender = sender
        self._lock = threading.Lock()
        self._header = b""  # of the record that arrives
        self._body_bytes = 0  # what is missing of it
        self.done = False

    def finish(self, timeout_s: float | None) -> None:
        """Carry it out, waiting for the other side. See ``TlsSocket.shake_hands``."""
        deadline = None if timeout_s is None else monotonic() + timeout_s
        before = self._raw.gettimeout()
        self._raw.setblocking(False)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._raw, selectors.EVENT_READ)
                while not self._try():
                    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._sender.holds_back else 0)
                    selector.modify(self._raw, events)
                    left_s = None if deadline is None else deadline - monotonic()
                    if (left_s is not None and left_s <= 0) or not selector.select(left_s):
                        raise TimeoutError(f"no complete TLS handshake within {timeout_s:g} seconds")
        finally:
            self._raw.settimeout(before)

    def _try(self) -> bool:
        try:
            self.go_on(DONT_WAIT, None)
        except BlockingIOError:
            return False
        return True

    def go_on(self, flags: int, patience_s: float | None) -> None:
        """Go on as far as that is possible without waiting more than the flags allow.

        Args:
            flags: As for receiving from a socket.
            patience_s: Seconds after which to leave it for the next time; None for as long as it takes.

        Raises:
            BlockingIOError: If it is not complete yet, and waiting is not allowed, or was long enough.
            TlsError: If it failed.
            OSError: If the connection broke.
        """
        take_turn(self._lock, self._raw, flags, "carries out the TLS handshake")
        give_up_at = None if patience_s is None else monotonic() + patience_s
        try:
            while not self.done:
                done = self._step()
                self._sender.push_if_free()
                if done:
                    self.done = True
                    return
                self._engine.feed(self._receive_record_part(flags & ~PEEK))
                if give_up_at is not None and monotonic() >= give_up_at:
                    raise BlockingIOError(errno.EAGAIN, "the TLS handshake is not complete yet")
        finally:
            self._lock.release()

    def _step(self) -> bool:
        if self._engine.problem is not None:
            raise self._engine.problem
        try:
            return self._engine.step()
        except TlsError:
            self._turn_away()
            raise

    def _turn_away(self) -> None:
        """Let the other side know as well as possible why the handshake failed."""
        if not self._sender.say_why() or may_wait(self._raw, DONT_WAIT):
            return
        try:
            # Closing with bytes unread would make the kernel throw away what was just sent.
            self._raw.shutdown(socket.SHUT_WR)
            for _ in last_words(self._raw):
                pass
        except OSError:
            pass  # it will find out without being told

    def _receive_record_part(self, flags: int) -> bytes:
        """Some bytes, none of them from beyond the record that arrives."""
        chunk = self._raw.recv(self._body_bytes or _HEADER_BYTES - len(self._header), flags)
        if not chunk:
            other = "client" if self._engine.server_side else "server"
            self._engine.problem = TlsError(
                f"TLS: the {other} closed the connection during the handshake; it may not speak TLS"
            )
            raise self._engine.problem
        if self._body_bytes:
            self._body_bytes -= len(chunk)
        else:
            self._header += chunk
            if len(self._header) == _HEADER_BYTES:
                self._body_bytes = int.from_bytes(self._header[-2:], "big")
                self._header = b""
        return chunk
