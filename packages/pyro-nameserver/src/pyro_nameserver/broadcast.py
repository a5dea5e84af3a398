"""Answers clients that ask the whole network where the name server is."""

import ipaddress
import logging
import math
import select
import socket
from collections.abc import Sequence
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from pyro_core import discovery
from pyro_core.errors import NamingError, PyroError
from pyro_core.net.sockets import interface_towards
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_server.transports.guests import Driver

_MAX_DATAGRAM_BYTES: Final = 100
"""What is read of a datagram: the only question is shorter."""
_DATAGRAMS_AT_ONCE: Final = 100
"""Questions handled before whoever drives the responder gets to do something else."""

_log = logging.getLogger("pyro_nameserver.broadcast")


def reaches_others(uri: URI) -> bool:
    """Whether an address is of use to clients elsewhere that broadcast: IPv4, and no loopback."""
    if uri.host is None:
        return False
    try:
        addresses = socket.getaddrinfo(uri.host, uri.port, type=socket.SOCK_STREAM)
    except OSError:
        return False  # a name that even this host does not know
    family, *_, address = addresses[0]
    return family == socket.AF_INET and not ipaddress.ip_address(address[0]).is_loopback


class BroadcastResponder:
    """A UDP socket that answers the question for the name server, and nothing else.

    Run it with a thread of its own (``start``), have the loop of a daemon run it (``daemon.combine``), or
    watch it (``fileno``) in another loop and call ``handle`` when it is readable.

    Args:
        uri: Address of the name server. Where its host is 0.0.0.0, each asker is told the address of the
            network interface that faces it.
        host: Address to listen on; None for all interfaces, which is what broadcasts need.
        port: UDP port; 0 for any free one.

    Raises:
        NamingError: If the port cannot be used.
    """

    def __init__(self, uri: URI, *, host: str | None = None, port: int = 9091) -> None:
        self._uri = uri
        self._thread: Thread | None = None
        self._driver: Driver | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._socket.bind((host or "", port))
        except OSError as problem:
            self._socket.close()
            raise NamingError(
                f"cannot answer broadcasts on UDP port {port} of {host or 'all interfaces'}: {problem}; "
                "stop what uses the port, choose another broadcast port, or switch broadcasts off"
            ) from problem
        self._socket.setblocking(False)
        self._stop_reading, self._stop_writing = socket.socketpair()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        host, port = self._socket.getsockname()
        return host, port

    @property
    def udp_socket(self) -> socket.socket:
        """The UDP socket."""
        return self._socket

    def fileno(self) -> int:
        """Descriptor to watch for reading."""
        return self._socket.fileno()

    def handle(self) -> None:
        """Answer the questions that have arrived; does not wait."""
        if self.fileno() < 0:
            return
        for _ in range(_DATAGRAMS_AT_ONCE):
            try:
                datagram, asker = self._socket.recvfrom(_MAX_DATAGRAM_BYTES)
            except BlockingIOError:
                return
            except OSError as problem:  # an earlier answer could not be delivered
                _log.warning("reading a broadcast failed: %s", problem)
                continue
            self._answer(datagram, asker)

    @property
    def sockets(self) -> Sequence[Any]:
        """What another loop watches for reading; empty once it is closed."""
        return [self] if self.fileno() >= 0 else []

    @property
    def patience_s(self) -> float:
        """Seconds within which ``events`` must be called, even if nothing is ready: no limit."""
        return math.inf

    def events(self, ready: Sequence[Any]) -> None:
        """Answer the questions that have arrived; does not wait.

        Args:
            ready: Not looked at.
        """
        self.handle()

    def joined(self, driver: "Driver | None") -> None:
        """Called when the loop of a daemon begins to run it, or, without a daemon, ends to.

        Raises:
            PyroError: If something else runs it.
        """
        if driver is not None and (self._driver is not None or self._thread is not None):
            raise PyroError(f"{self!r} is run by something else already")
        self._driver = driver

    def start(self) -> Thread:
        """Answer in a thread from now on, until ``close``; gives the thread."""
        self._thread = Thread(target=self._run, name="pyro-ns-broadcast", daemon=True)
        self._thread.start()
        return self._thread

    def close(self) -> None:
        """Stop answering. May be called more than once."""
        if self._driver is not None:
            self._driver.separate(self)
        if self._stop_writing.fileno() >= 0:
            self._stop_writing.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._socket.close()
        self._stop_reading.close()

    def __repr__(self) -> str:
        return f"<BroadcastResponder for {self._uri}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._socket, self._stop_reading], [], [])
            if self._stop_reading in ready:
                return
            self.handle()

    def _answer(self, datagram: bytes, asker: tuple[str, int]) -> None:
        if datagram != discovery.QUESTION:
            return
        try:
            answer = discovery.answer_for(datagram, self._uri, interface_towards(asker[0]))
            if answer is not None:
                self._socket.sendto(answer, asker)
        except OSError as problem:
            _log.warning("answering the broadcast of %s:%s failed: %s", *asker, problem)
