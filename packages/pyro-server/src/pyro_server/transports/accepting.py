"""Accepting connections, and what to do when the system has run out of something."""

import errno
import logging
import socket
import struct
import sys
from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any

from pyro_core.net.sockets import set_keepalive
from pyro_core.settings import ServerSettings
from pyro_server.transports.poller import READABLE, Poller

HANDED_DOWN = sys.platform == "linux"
"""Whether connections over TCP begin with the options of the socket that they were accepted from."""

log = logging.getLogger("pyro_server.transports")

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_UNACKED_AT = 24
"""Where this number is in ``struct tcp_info``."""
BACK_OFF_S = 0.5
"""How long nothing is accepted after the system ran out of descriptors or memory."""


class Acceptor:
    """Accepts connections on listening sockets that a poller watches. For one thread at a time.

    Args:
        poller: Watches the sockets.
        listeners: The sockets. Whoever adds one to this list has it watched, too.
        max_connections: How many connections there may be.
        prepare: Sets the options of a listening socket.

    Attributes:
        again_at: When to go on after a failure, monotonic; None if there was none.
    """

    def __init__(
        self,
        poller: Poller,
        listeners: Sequence[Any],
        max_connections: int,
        prepare: Callable[[Any], None],
    ) -> None:
        self._prepare = prepare
        self._poller = poller
        self._listeners = listeners
        self._max_connections = max_connections
        self._watched: dict[int, Any] = {}  # those in the poller, by descriptor
        self._failed = self._full = False  # logged once, until it goes well again
        self.again_at: float | None = None

    def __contains__(self, fd: int) -> bool:
        """Whether that is the descriptor of a socket that is watched."""
        return fd in self._watched

    @property
    def sockets(self) -> Collection[Any]:
        """The sockets that are watched."""
        return self._watched.values()

    def watch(self, listener: Any) -> None:
        """Have one of the sockets watched."""
        self._prepare(listener)
        self._watched[listener.fileno()] = listener
        self._poller.add(listener.fileno(), READABLE)

    def pause(self) -> None:
        """Have none of them watched."""
        for fd in self._watched:
            self._poller.remove(fd)
        self._watched.clear()

    def resume(self) -> None:
        """Have all of them watched, while none is."""
        self.again_at = None
        for listener in self._listeners:
            self.watch(listener)

    def close(self) -> None:
        """Close the sockets."""
        self.again_at = None
        for listener in self._listeners:
            listener.close()
        self._watched.clear()

    def accept(self, fd: int, count: int) -> tuple[Any, Any, Any] | None:
        """Accept one connection; the poller comes back for the others.

        Args:
            fd: Descriptor of the socket that is ready.
            count: How many connections there are.

        Returns:
            The new socket, the address of its peer, and the socket that it came from; None if there is no
            connection, or no room for it.
        """
        listener = self._watched[fd]
        try:
            sock, address = listener.accept()
        except (BlockingIOError, InterruptedError):
            return None  # taken by another process, or gone
        except OSError as problem:
            self._fail(problem)
            return None
        if self._failed:
            self._failed = False
            log.warning("accepting connections again")
        if count >= self._max_connections:
            if not self._full:
                self._full = True
                log.warning("refusing connections: limit of %d reached", self._max_connections)
            sock.close()
            return None
        self._full = False
        return sock, address, listener

    def _fail(self, problem: OSError) -> None:
        if problem.errno not in EXHAUSTED:
            log.debug("a connection failed before it was accepted: %s", problem)
            return
        if not self._failed:
            self._failed = True
            log.error("cannot accept connections (%s); trying again every %s s", problem, BACK_OFF_S)
        self.again_at = monotonic() + BACK_OFF_S
        self.pause()


def set_tcp_options(sock: Any, settings: ServerSettings) -> None:
    """Set what the settings say of an accepted socket; nothing for Unix sockets."""
    if is_tcp(sock):
        if settings.nodelay:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        set_keepalive(sock, settings.keepalive_s)


def waiting(listener: Any) -> int:
    """How many connections wait at a listening TCP socket to be accepted, as Linux counts them."""
    # For listening sockets it puts that number where others have the number of packets on the way.
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _UNACKED_AT + 4)
    (count,) = struct.unpack_from("=I", info, _UNACKED_AT)
    return int(count)


def is_tcp(sock: Any) -> bool:
    """Whether a socket is none of Unix."""
    return bool(sock.family != getattr(socket, "AF_UNIX", None))


class SocketOptions:
    """Sets the options of connections: of each, or once of the listener where the system hands them down.

    Args:
        configure: Sets the options of a socket.
    """

    def __init__(self, configure: Callable[[Any], None]) -> None:
        self._configure = configure
        self._early: dict[Any, int] = {}  # connections that were made before their listener had the options

    def prepare(self, listener: Any) -> None:
        """Get a listening socket ready."""
        if HANDED_DOWN and is_tcp(listener):
            self._configure(listener)
            self._early[listener] = waiting(listener)
        listener.setblocking(False)

    def apply(self, sock: Any, listener: Any) -> None:
        """Get a connection ready that a listener gave; None for one that came another way."""
        early = self._early.get(listener)
        if early is None:
            self._configure(sock)
        elif early:
            self._early[listener] = early - 1
            self._configure(sock)
