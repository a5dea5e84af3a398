"""Connected sockets: sending, receiving, and what belongs to a connection."""

import contextlib
import errno
import select
import socket
from collections.abc import MutableMapping
from typing import Any, Final, Self
from weakref import WeakSet

from Pyro4.errors import ConnectionClosedError, TimeoutError

ERRNO_RETRIES: Final = [errno.EINTR, errno.EAGAIN, errno.EWOULDBLOCK, errno.EINPROGRESS]
"""Errors after which it helps to wait."""
_FAMILY_NAMES: Final = {"AF_INET": "IPv4", "AF_INET6": "IPv6", "AF_UNIX": "Unix"}


def family_str(sock: Any) -> str:
    """IPv4, IPv6 or Unix: what kind of socket it is."""
    return _FAMILY_NAMES.get(socket.AddressFamily(sock.family).name, "???")


def sendData(sock: Any, data: bytes) -> None:
    """Send all of it.

    Raises:
        ConnectionClosedError: If the other side is gone.
        TimeoutError: If it took too long.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest) :]
        except OSError as problem:
            _bear(problem, sock, "sending", rest)


def receiveData(sock: Any, size: int) -> bytes:
    """So many bytes.

    Raises:
        ConnectionClosedError: If the other side is gone; its ``partialData`` is what arrived before.
        TimeoutError: If it took too long.
    """
    data = bytearray()
    while len(data) < size:
        try:
            piece = sock.recv(size - len(data))
        except OSError as problem:
            _bear(problem, sock, "receiving", data)
            continue
        if not piece:
            raise _lost("receiving: not enough data", data)
        data += piece
    return bytes(data)


def _bear(problem: OSError, sock: Any, doing: str, data: Any) -> None:
    """Wait if that helps; raise if it does not."""
    waits = getattr(sock, "gettimeout", lambda: None)() != 0.0
    if isinstance(problem, socket.timeout) or (isinstance(problem, BlockingIOError) and waits):
        raise TimeoutError(f"{doing}: timeout") from problem
    if problem.errno not in ERRNO_RETRIES and not _is_tls_waiting(problem):
        raise _lost(f"{doing}: connection lost: {problem}", data) from problem
    select.select([sock], [sock] if doing == "sending" else [], [])


def _is_tls_waiting(problem: OSError) -> bool:
    import ssl  # not at the top: it takes long

    return isinstance(problem, ssl.SSLWantReadError | ssl.SSLWantWriteError)


def _lost(text: str, data: Any) -> ConnectionClosedError:
    problem = ConnectionClosedError(text)
    problem.partialData = bytes(data)  # type: ignore[attr-defined]
    return problem


class SocketConnection:
    """A connected socket, and what belongs to the connection.

    Args:
        sock: The socket.
        objectId: Id of the object that it is for.
        keep_open: Closing the connection does not close the socket.

    Attributes:
        sock: As given, also when it is closed.
        pyroInstances: Class -> its instance that belongs to the connection.
        tracked_resources: What is closed with the connection.
    """

    __module__ = "Pyro4.socketutil"

    def __init__(self, sock: Any, objectId: str | None = None, keep_open: bool = False) -> None:
        self.sock = sock
        self.objectId = objectId
        self.keep_open = keep_open
        self._instances: MutableMapping[type, Any] = {}
        self._tracked: Any = WeakSet()

    @staticmethod
    def view(connection: Any, channel: Any = None) -> "SocketConnection":
        """What programs see of a native connection, a server's, or the client's of a channel."""
        from Pyro4.facade.views import ConnectionView

        return ConnectionView(connection, channel)

    @property
    def pyroInstances(self) -> MutableMapping[type, Any]:
        return self._instances

    @property
    def tracked_resources(self) -> Any:
        return self._tracked

    def send(self, data: bytes) -> None:
        """Send all of it; raises as ``sendData`` does."""
        sendData(self.sock, data)

    def recv(self, size: int) -> bytes:
        """So many bytes; raises as ``receiveData`` does."""
        return receiveData(self.sock, size)

    def close(self) -> None:
        """Close it, and what belongs to it. May be called more than once."""
        if self.keep_open:
            return
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self._instances.clear()
        for resource in list(self._tracked):
            with contextlib.suppress(Exception):
                resource.close()
        self._tracked.clear()

    def fileno(self) -> int:
        """Number of the socket."""
        number: int = self.sock.fileno()
        return number

    def family(self) -> str:
        """IPv4, IPv6 or Unix."""
        return family_str(self.sock)

    @property
    def timeout(self) -> float | None:
        """Seconds that an operation may take."""
        return self.getTimeout()

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self.setTimeout(seconds)

    def getTimeout(self) -> float | None:
        """Seconds that an operation may take; None for any time."""
        seconds: float | None = self.sock.gettimeout()
        return seconds

    def setTimeout(self, timeout: float | None) -> None:
        """Let an operation take so many seconds; None for any time."""
        self.sock.settimeout(timeout)

    def getpeercert(self) -> Any:
        """The other side's certificate; None if there is none."""
        ask = getattr(self.sock, "getpeercert", None)
        return None if ask is None else ask()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
