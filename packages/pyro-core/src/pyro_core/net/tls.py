"""TLS over a connected socket, for code that was written for plain sockets.

A peer that says nothing, or stops in the middle of the TLS handshake, costs what a silent plain peer costs:
the handshake takes place inside of ``recv`` and ``send``, which never wait longer than a raw socket would.
"""

import socket
import ssl
import struct
from typing import Any

from pyro_core.net.tls_engine import TlsEngine
from pyro_core.net.tls_failures import TlsError
from pyro_core.net.tls_handshake import TlsHandshake
from pyro_core.net.tls_receiving import TlsReceiver
from pyro_core.net.tls_sending import TlsSender


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

    __slots__ = ("_engine", "_handshake", "_patience_s", "_receiver", "_sender", "raw", "server_side")

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
        self._engine = TlsEngine(context, server_side=server_side, server_hostname=server_hostname)
        self._sender = TlsSender(raw, self._engine)
        self._receiver = TlsReceiver(raw, self._engine, self._sender)
        self._handshake = TlsHandshake(raw, self._engine, self._sender)
        self._patience_s: float | None = None

    def __repr__(self) -> str:
        state = self.version() or "in the handshake"
        return f"<TlsSocket {'server' if self.server_side else 'client'} {state} over {self.raw!r}>"

    # ---- the dialogue

    def shake_hands(self, timeout_s: float | None) -> None:
        """Carry out the handshake, waiting for the other side.

        Args:
            timeout_s: Seconds that it may take altogether; None for any time.

        Raises:
            TimeoutError: The built-in one, if the time is over.
            TlsError: If it failed.
            OSError: If the connection broke.
        """
        self._handshake.finish(timeout_s)

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
        if not self._handshake.done:
            self._handshake.go_on(flags, self._patience_s)
        return self._receiver.recv(size, flags, self._patience_s)

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
        if not self._handshake.done:
            self._handshake.go_on(flags, self._patience_s)
        try:
            return self._sender.send(data, flags)
        except (BlockingIOError, TlsError):
            raise
        except OSError as problem:
            self._receiver.look_for_reason()
            if self._engine.problem is not None:
                raise self._engine.problem from problem
            raise

    # ---- what else a socket has

    def close(self) -> None:
        """Close the socket. Says nothing to the peer: the process may be a fork that shares the socket."""
        self.raw.close()

    def shutdown(self, how: int) -> None:
        """Tell the other side that nothing more comes, as far as it takes that now."""
        if how != socket.SHUT_RD and self._handshake.done and self._engine.say_farewell():
            self._sender.push_if_free()
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
        return self._engine.ssl_object.getpeercert(binary_form) if self._handshake.done else None

    def version(self) -> str | None:
        """Version of TLS in use, such as ``"TLSv1.3"``; None before the handshake is done."""
        return self._engine.ssl_object.version() if self._handshake.done else None

    def cipher(self) -> tuple[str, str, int] | None:
        """Name of the cipher in use, its TLS version, and the number of secret bits."""
        return self._engine.ssl_object.cipher() if self._handshake.done else None

    def selected_alpn_protocol(self) -> str | None:
        """Protocol that was agreed on in the handshake, if the context offers any."""
        return self._engine.ssl_object.selected_alpn_protocol()
