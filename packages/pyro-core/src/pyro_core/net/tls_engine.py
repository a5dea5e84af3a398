"""TLS between two buffers of bytes: encrypting, decrypting, and the steps of the handshake."""

import ssl
import threading
from typing import Final, NoReturn

from pyro_core.net.tls_failures import TlsError, explanation

RECORD_BYTES: Final = 16384
"""Plain bytes in one record at most. Source: RFC 8446, 5.1."""


class TlsEngine:
    """One side's part of a TLS dialogue. Never waits, and may be used by several threads at once.

    Args:
        context: What to speak, and whom to trust.
        server_side: Whether this side accepted the connection.
        server_hostname: For clients: the name that the server's certificate must be made for.

    Attributes:
        server_side: As given.
        ssl_object: What the ``ssl`` module knows about the dialogue.
        ended: Whether the other side said that nothing more comes.
        problem: Why the dialogue is over; None as long as nothing failed.
    """

    __slots__ = ("_incoming", "_lock", "_outgoing", "ended", "problem", "server_side", "ssl_object")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, server_hostname: str | None) -> None:
        self.server_side = server_side
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=server_hostname
        )
        self._lock = threading.Lock()  # held while the SSL object works
        self.ended = False
        self.problem: TlsError | None = None

    @property
    def pending(self) -> int:
        """How many bytes there are for the other side."""
        return self._outgoing.pending

    def take_out(self) -> bytes:
        """The bytes for the other side; they are not kept."""
        with self._lock:
            return self._outgoing.read()

    def feed(self, data: bytes) -> None:
        """Take bytes of the handshake; look at them in the next step."""
        self._incoming.write(data)

    def step(self) -> bool:
        """One step of the handshake; tells whether it is done.

        Raises:
            TlsError: If it failed.
        """
        with self._lock:
            try:
                self.ssl_object.do_handshake()
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLError as problem:
                self._fail(problem)
        return True

    def decrypt(self, data: bytes) -> bytes:
        """All that can be decrypted with these bytes from the other side; nothing for part of a record.

        Raises:
            TlsError: If they are not right.
        """
        with self._lock:
            self._incoming.write(data)
            parts = []
            try:
                while True:
                    part = self.ssl_object.read(RECORD_BYTES)
                    if not part:
                        self.ended = True
                        break
                    parts.append(part)
                    if not self._incoming.pending and not self.ssl_object.pending():
                        break
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as problem:
                self._fail(problem)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def encrypt(self, data: memoryview) -> None:
        """Encrypt all of this for the other side.

        Raises:
            TlsError: If the dialogue failed.
        """
        with self._lock:
            done = 0
            while done < len(data):
                try:
                    done += self.ssl_object.write(data[done:])
                except ssl.SSLError as problem:
                    self._fail(problem)

    def encrypted(self, data: bytes | bytearray | memoryview) -> bytes:
        """The bytes for the other side, after encrypting no more than one record.

        Raises:
            TlsError: If the dialogue failed.
        """
        with self._lock:
            try:
                self.ssl_object.write(data)
            except ssl.SSLError as problem:
                self._fail(problem)
            return self._outgoing.read()

    def say_farewell(self) -> bool:
        """Tell the other side that nothing more comes; False if another thread is busy here."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.ssl_object.unwrap()
        except (ssl.SSLError, ValueError):
            pass  # SSLWantReadError: what it has to say is in the buffer
        finally:
            self._lock.release()
        return True

    def _fail(self, problem: ssl.SSLError) -> NoReturn:
        self.problem = TlsError(explanation(problem, server_side=self.server_side))
        raise self.problem from problem
