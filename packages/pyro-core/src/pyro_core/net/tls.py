"""TLS over a connected socket, for code that was written for plain sockets.

A peer that says nothing, or stops in the middle of the TLS handshake, costs what a silent plain peer costs:
the handshake takes place inside of ``recv`` and ``send``, which never wait longer than a raw socket would.
"""

import errno
import selectors
import socket
import ssl
import struct
import threading
from time import monotonic
from typing import Any, Final, NoReturn

from pyro_core.net.tls_failures import TlsError, explanation

RECORD_BYTES: Final = 16384
"""Plain bytes in one record at most. Source: RFC 8446, 5.1."""
_HEADER_BYTES: Final = 5
_CHUNK_BYTES: Final = 8 * RECORD_BYTES
"""Encrypted at once; bounds what is held back when the peer takes nothing."""
_DONT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)
_PEEK: Final = getattr(socket, "MSG_PEEK", 0)
_LAST_WORDS: Final = 8
"""How often to read on after a failure, to find or to make room for the reason."""


class TlsSocket:
    """A look-alike of a connected socket that encrypts what it sends and decrypts what it receives.

    One thread may send while another one receives. After ``recv`` nothing that can be had is left waiting
    inside, so that a poller that watches the raw socket misses nothing.

    Args:
        raw: The connected socket: TCP, Unix, or one end of a socket pair. Closed together with this one.
        context: What to speak, and whom to trust.
        server_side: Whether this side accepted the connection.
        server_hostname: For clients: the name that the server's certificate must be made for.

    Attributes:
        raw: The socket underneath.
        server_side: As given.
    """

    __slots__ = (
        "_body_bytes",
        "_decrypt_lock",
        "_ended",
        "_header",
        "_held",
        "_incoming",
        "_object",
        "_outgoing",
        "_owed",
        "_patience_s",
        "_problem",
        "_ready",
        "_receiving",
        "_sending",
        "_shaking",
        "_taken_bytes",
        "_unsent",
        "raw",
        "server_side",
    )

    def __init__(
        self,
        raw: socket.socket,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None = None,
    ) -> None:
        self.raw = raw
        self.server_side = server_side
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=server_hostname
        )
        self._decrypt_lock = threading.Lock()  # held while the SSL object works, never while waiting
        self._receiving = threading.Lock()  # held while receiving, so that bytes stay in order
        self._sending = threading.Lock()  # the same for sending
        self._shaking = threading.Lock()
        self._ready = False  # the handshake is done
        self._ended = False  # the peer said that nothing more comes
        self._held = b""  # decrypted, and not given to anybody
        self._unsent = memoryview(b"")  # encrypted, and not taken by the kernel
        self._owed = 0  # plain bytes in there that the caller was not told are sent
        self._taken_bytes = 0  # encrypted bytes that the kernel took so far
        self._header = b""  # of the record that arrives during the handshake
        self._body_bytes = 0  # what is missing of it
        self._patience_s: float | None = None
        self._problem: TlsError | None = None

    def __repr__(self) -> str:
        state = self._object.version() if self._ready else "in the handshake"
        return f"<TlsSocket {'server' if self.server_side else 'client'} {state} over {self.raw!r}>"

    # ---- receiving

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Everything that has arrived, which may be more than ``size`` bytes; empty at the end.

        Args:
            size: How many bytes to take from the kernel, at least one record.
            flags: As for a socket. With ``MSG_PEEK`` the bytes stay.

        Raises:
            BlockingIOError: If there is nothing, and waiting is not allowed, or was long enough.
            TlsError: If the TLS dialogue failed.
            OSError: If the connection broke.
        """
        if not self._ready:
            self._shake(flags)
        if not self._receiving.acquire(blocking=self._waits(flags)):
            raise BlockingIOError(errno.EAGAIN, "another thread is receiving")
        try:
            data = self._held or self._receive(max(size, RECORD_BYTES), flags & ~_PEEK)
            self._held = data if flags & _PEEK else b""
            return data
        finally:
            self._receiving.release()

    def _receive(self, size: int, flags: int) -> bytes:
        give_up_at: float | None = None
        if self._problem is not None:
            raise self._problem
        while not self._ended:
            chunk = self.raw.recv(size, flags)
            if not chunk:  # without a farewell; messages know their own length, so nothing is cut off unseen
                self._ended = True
                break
            with self._decrypt_lock:
                self._incoming.write(chunk)
                data = self._decrypt()
            if self._outgoing.pending or self._unsent:
                self._push_if_free()
            if data:
                if self._ended:
                    self._let_end_be_seen()
                return data
            # Part of a record: whoever sends it bit by bit must not make us wait any longer for that.
            patience_s = self._patience_s or self.raw.gettimeout()
            if patience_s:
                now = monotonic()
                give_up_at = give_up_at or now + patience_s
                if now >= give_up_at:
                    raise BlockingIOError(errno.EAGAIN, "only part of a TLS record arrived in time")
        return b""

    def _let_end_be_seen(self) -> None:
        """Make the raw socket readable: the farewell that came together with data is no longer in it."""
        try:
            self.raw.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # it is at its end anyway

    def _decrypt(self) -> bytes:
        """All that can be decrypted now. The decrypt lock is held."""
        parts = []
        try:
            while True:
                part = self._object.read(RECORD_BYTES)
                if not part:
                    self._ended = True
                    break
                parts.append(part)
                if not self._incoming.pending and not self._object.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as problem:
            self._fail(problem)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    # ---- sending

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:
        """Send; gives how many of the bytes must not be sent again.

        Bytes that are encrypted but not with the kernel yet do not count: send them again, and only what is
        left of them is sent. Until then nothing else must be sent.

        Args:
            data: What to send.
            flags: As for a socket; with ``MSG_DONTWAIT`` only part of it may be sent.

        Raises:
            BlockingIOError: If the kernel took nothing, and waiting is not allowed, or was long enough.
            TlsError: If the TLS dialogue failed.
            OSError: If the connection broke.
        """
        if not self._ready:
            self._shake(flags)
        if not self._sending.acquire(blocking=self._waits(flags)):
            raise BlockingIOError(errno.EAGAIN, "another thread is sending")
        sent = 0
        taken_before = self._taken_bytes
        try:
            if self._problem is not None:
                raise self._problem
            view = memoryview(data)
            size = len(view)
            while True:
                self._push(flags)
                # All that was encrypted is out, and with it what the caller repeats.
                out = min(self._owed, size - sent)
                self._owed -= out
                sent += out
                if sent >= size:
                    return sent
                self._encrypt(view[sent : sent + _CHUNK_BYTES])
        except BlockingIOError:
            if sent or self._taken_bytes > taken_before:
                return sent
            raise
        except TlsError:
            raise
        except OSError as problem:
            self._look_for_reason()
            if self._problem is not None:
                raise self._problem from problem
            raise
        finally:
            self._sending.release()

    def _encrypt(self, data: memoryview) -> None:
        with self._decrypt_lock:
            size = len(data)
            while self._owed < size:
                try:
                    self._owed += self._object.write(data[self._owed :])
                except ssl.SSLError as problem:
                    self._fail(problem)

    def _push(self, flags: int) -> None:
        """Have the kernel take everything that is encrypted. The sending lock is held."""
        while True:
            while self._unsent:
                taken = self.raw.send(self._unsent, flags)
                self._taken_bytes += taken
                self._unsent = self._unsent[taken:]
            if not self._outgoing.pending:
                return
            with self._decrypt_lock:
                self._unsent = memoryview(self._outgoing.read())

    def _push_if_free(self) -> None:
        """Send what TLS has to say by itself, unless a thread is sending, which does it then."""
        while (self._outgoing.pending or self._unsent) and self._sending.acquire(blocking=False):
            try:
                self._push(_DONT_WAIT)
            except OSError:
                return  # goes with what is sent or received next; if the connection broke, that shows it
            finally:
                self._sending.release()

    # ---- the handshake

    def shake_hands(self, timeout_s: float | None) -> None:
        """Carry out the handshake, waiting for the other side.

        Args:
            timeout_s: Seconds that it may take altogether; None for any time.

        Raises:
            TimeoutError: The built-in one, if the time is over.
            TlsError: If it failed.
            OSError: If the connection broke.
        """
        deadline = None if timeout_s is None else monotonic() + timeout_s
        before = self.raw.gettimeout()
        self.raw.setblocking(False)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.raw, selectors.EVENT_READ)
                while not self._try_to_shake():
                    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
                    selector.modify(self.raw, events)
                    left_s = None if deadline is None else deadline - monotonic()
                    if (left_s is not None and left_s <= 0) or not selector.select(left_s):
                        raise TimeoutError(f"no complete TLS handshake within {timeout_s:g} seconds")
        finally:
            self.raw.settimeout(before)

    def _try_to_shake(self) -> bool:
        try:
            self._shake(_DONT_WAIT)
        except BlockingIOError:
            return False
        return True

    def _shake(self, flags: int) -> None:
        """Go on with the handshake as far as that is possible without waiting more than the flags allow."""
        if not self._shaking.acquire(blocking=self._waits(flags)):
            raise BlockingIOError(errno.EAGAIN, "another thread carries out the TLS handshake")
        give_up_at = None if self._patience_s is None else monotonic() + self._patience_s
        try:
            while not self._ready:
                done = self._step()
                self._push_if_free()
                if done:
                    self._ready = True
                    return
                self._incoming.write(self._receive_record_part(flags & ~_PEEK))
                if give_up_at is not None and monotonic() >= give_up_at:
                    raise BlockingIOError(errno.EAGAIN, "the TLS handshake is not complete yet")
        finally:
            self._shaking.release()

    def _receive_record_part(self, flags: int) -> bytes:
        """Some bytes, none of them from beyond the record that arrives.

        What comes behind the handshake stays with the kernel, where a poller sees it.
        """
        chunk = self.raw.recv(self._body_bytes or _HEADER_BYTES - len(self._header), flags)
        if not chunk:
            other = "client" if self.server_side else "server"
            self._problem = TlsError(
                f"TLS: the {other} closed the connection during the handshake; it may not speak TLS"
            )
            raise self._problem
        if self._body_bytes:
            self._body_bytes -= len(chunk)
        else:
            self._header += chunk
            if len(self._header) == _HEADER_BYTES:
                self._body_bytes = int.from_bytes(self._header[-2:], "big")
                self._header = b""
        return chunk

    def _step(self) -> bool:
        """One step of the handshake; tells whether it is done."""
        if self._problem is not None:
            raise self._problem
        with self._decrypt_lock:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLError as problem:
                self._fail(problem)
        return True

    # ---- failures

    def _fail(self, problem: ssl.SSLError) -> NoReturn:
        """Let the other side know as well as possible, and raise. The decrypt lock is held."""
        error = self._problem = TlsError(explanation(problem, server_side=self.server_side))
        if self._sending.acquire(blocking=False):
            try:
                if self._outgoing.pending:
                    self.raw.send(bytes(self._unsent) + self._outgoing.read(), _DONT_WAIT)
                self._unsent = memoryview(b"")
                if not self._ready and not self._waits(_DONT_WAIT):
                    # Closing with bytes unread would make the kernel throw away what was just sent.
                    self.raw.shutdown(socket.SHUT_WR)
                    for _ in range(_LAST_WORDS):
                        if not self.raw.recv(RECORD_BYTES, _DONT_WAIT):
                            break
            except OSError:
                pass  # it will find out without being told
            finally:
                self._sending.release()
        raise error from problem

    def _look_for_reason(self) -> None:
        """After sending failed: see whether the other side said why it closed the connection."""
        if self._waits(_DONT_WAIT) or not self._receiving.acquire(blocking=False):
            return  # looking might wait, or whoever is receiving finds out
        try:
            for _ in range(_LAST_WORDS):
                chunk = self.raw.recv(RECORD_BYTES, _DONT_WAIT)
                if not chunk:
                    return
                with self._decrypt_lock:
                    self._incoming.write(chunk)
                    self._held += self._decrypt()
        except OSError:
            pass  # a TlsError is remembered, which is all that matters
        finally:
            self._receiving.release()

    # ---- what else a socket has

    def _waits(self, flags: int) -> bool:
        return not (flags & _DONT_WAIT) and self.raw.gettimeout() != 0

    def close(self) -> None:
        """Close the socket. Says nothing to the peer: the process may be a fork that shares the socket."""
        self.raw.close()

    def shutdown(self, how: int) -> None:
        """Tell the other side that nothing more comes, as far as it takes that now."""
        if how != socket.SHUT_RD and self._ready and self._decrypt_lock.acquire(blocking=False):
            try:
                self._object.unwrap()
            except (ssl.SSLError, ValueError):
                pass  # SSLWantReadError: what it has to say is in the buffer
            finally:
                self._decrypt_lock.release()
            try:
                self._push_if_free()
            except OSError:
                pass  # the peer was faster
        self.raw.shutdown(how)

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        """Set an option of the raw socket. Its time limit for receiving holds for whole records here."""
        self.raw.setsockopt(level, option, value)
        if level == socket.SOL_SOCKET and option == getattr(socket, "SO_RCVTIMEO", None):
            if isinstance(value, int):
                seconds = value / 1000
            else:
                whole, microseconds = struct.unpack("@ll", value)
                seconds = whole + microseconds / 1_000_000
            self._patience_s = seconds or None

    def settimeout(self, timeout_s: float | None) -> None:
        self.raw.settimeout(timeout_s)

    def setblocking(self, flag: bool) -> None:
        self.raw.setblocking(flag)

    def gettimeout(self) -> float | None:
        return self.raw.gettimeout()

    def getsockopt(self, *args: int) -> Any:
        return self.raw.getsockopt(*args)

    def fileno(self) -> int:
        return self.raw.fileno()

    def getpeername(self) -> Any:
        return self.raw.getpeername()

    def getsockname(self) -> Any:
        return self.raw.getsockname()

    @property
    def family(self) -> int:
        """Address family of the raw socket."""
        return self.raw.family

    @property
    def type(self) -> int:
        """Kind of the raw socket."""
        return self.raw.type

    def __enter__(self) -> "TlsSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what TLS knows

    def getpeercert(self, binary_form: bool = False) -> Any:
        """The peer's certificate, as ``ssl.SSLSocket.getpeercert`` gives it; None if it has none."""
        return self._object.getpeercert(binary_form) if self._ready else None

    def version(self) -> str | None:
        """Version of TLS in use, such as ``"TLSv1.3"``; None before the handshake is done."""
        return self._object.version() if self._ready else None

    def cipher(self) -> tuple[str, str, int] | None:
        """Name of the cipher in use, its TLS version, and the number of secret bits."""
        return self._object.cipher() if self._ready else None

    def selected_alpn_protocol(self) -> str | None:
        """Protocol that was agreed on in the handshake, if the context offers any."""
        return self._object.selected_alpn_protocol()
