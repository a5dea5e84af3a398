"""What programs written for Pyro4 see of the connections of the packages below."""

import contextlib
import socket
from collections.abc import MutableMapping
from typing import Any

from Pyro4.socketutil import SocketConnection, family_str, receiveData


class ConnectionView(SocketConnection):
    """A connection that something else serves or calls on. Two views of the same connection are equal.

    Sending and receiving is for moments in which nobody else does, such as a ping between two calls.

    Args:
        connection: A client's or a server's.
        channel: Where a client's belongs to.
    """

    __module__ = "Pyro4.socketutil"

    def __init__(self, connection: Any, channel: Any = None) -> None:
        self._native = connection
        self._channel = channel
        link = getattr(connection, "link", None)
        if link is None:
            super().__init__(connection.socket)
        else:
            super().__init__(link.sock, str(connection.uri.object), not link.owned)
        self._socket = self.sock  # that of a connection that has ended is no longer shown to programs
        self._early = b""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConnectionView) and other._native is self._native

    def __hash__(self) -> int:
        return hash(self._native)

    @property
    def pyroInstances(self) -> MutableMapping[type, Any]:
        """A copy; the daemon looks after them."""
        sessions = getattr(self._native, "sessions", None)
        entries = [] if sessions is None else list(sessions.instances.items())
        return {entry.target: instance for entry, instance in entries}

    @property
    def tracked_resources(self) -> Any:
        """A copy; ``current_context`` has what changes them."""
        return set(getattr(self._native, "tracked", ()))

    def recv(self, size: int) -> bytes:
        """So many bytes; raises as ``receiveData`` does."""
        data = self._early + receiveData(self.sock, size - len(self._early))
        self._early = data[size:]  # TLS gives more than was asked for
        return data[:size]

    def family(self) -> str:
        """IPv4, IPv6 or Unix; also of a connection that has ended."""
        return family_str(self._socket)

    def getpeercert(self) -> Any:
        """The other side's certificate, also of a connection that has ended; None if there is none."""
        ask = getattr(self._socket, "getpeercert", None)
        return None if ask is None else ask()

    def getTimeout(self) -> float | None:
        """Seconds that a call of a client may take; None for any time. None on the side of a server."""
        seconds = None if self._channel is None else self._channel.profile.timeout_s
        return None if seconds is None else float(seconds)

    def setTimeout(self, timeout: float | None) -> None:
        """Let a call of a client take so many seconds. Has no effect in a server: the daemon decides."""
        if self._channel is not None:
            self._channel.profile.timeout_s = timeout or None
            self._channel.refresh()

    def close(self) -> None:
        """End the connection; who serves it, or calls on it, notices and closes the socket."""
        if not self.keep_open:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
