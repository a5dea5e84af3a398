"""Other servers that a loop drives beside its own, so that one thread serves several."""

import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pyro_server.transports.poller import READABLE, Poller

log = logging.getLogger("pyro_server.transports")


class Driver(Protocol):
    """Whose loop drives guests."""

    def separate(self, other: Any) -> None:
        """Drive a guest no longer. No error if it was not driven."""


class Guest(Protocol):
    """What a loop can drive: a daemon, a name server, a responder to broadcasts, ..."""

    def joined(self, driver: Driver | None) -> None:
        """A loop begins to drive it, or, if there is none given, ends to.

        The guest leaves by itself, with ``driver.separate``, before it closes its sockets.

        Raises:
            PyroError: If something else drives it.
        """

    @property
    def sockets(self) -> Sequence[Any]:
        """What to watch for reading; empty once it is closed."""

    @property
    def patience_s(self) -> float:
        """Seconds within which ``events`` must be called again, even if nothing is ready; may be infinite."""

    def events(self, ready: Sequence[Any]) -> None:
        """Deal with what is ready, without waiting.

        Args:
            ready: Those of ``sockets`` that have something to read; empty when only the time has come.
        """


class Guests:
    """The guests of one loop, and which descriptor belongs to whom.

    Guests come and go from any thread; the rest is for the loop's own.

    Args:
        poller: The loop's poller.
    """

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._guests: list[Guest] = []
        self._watched: dict[int, tuple[Guest, Any]] = {}  # descriptor -> whose it is, and the socket
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._guests)

    def __iter__(self) -> Iterator[Guest]:
        return iter(self._guests)

    def add(self, guest: Guest) -> None:
        """Drive a guest from the next ``watch`` on."""
        with self._lock:
            self._guests = [*self._guests, guest]

    def remove(self, guest: Guest) -> None:
        """Drive a guest no longer. To be done before its sockets are closed."""
        with self._lock:
            self._guests = [other for other in self._guests if other is not guest]
            for fd in [fd for fd, (owner, _) in self._watched.items() if owner is guest]:
                self._unwatch(fd)

    def clear(self) -> None:
        """Drive none any more."""
        for guest in self:
            self.remove(guest)

    def watch(self) -> None:
        """Have the poller watch the sockets that the guests have now."""
        with self._lock:
            wanted = {sock.fileno(): (guest, sock) for guest in self for sock in guest.sockets}
            wanted.pop(-1, None)  # closed
            for fd in [fd for fd in self._watched if fd not in wanted]:
                self._unwatch(fd)
            for fd, owner in wanted.items():
                if fd not in self._watched:
                    self._poller.add(fd, READABLE)
                self._watched[fd] = owner

    def ready(self, fd: int) -> bool:
        """Have a guest deal with one of its sockets; False if it is nobody's."""
        guest, sock = self._watched.get(fd, (None, None))
        if guest is None:
            return False
        self._drive(guest, [sock])
        return True

    def tick(self) -> None:
        """Call those whose time has come."""
        for guest in self:
            if guest.patience_s <= 0:
                self._drive(guest, [])

    def patience_s(self, own_s: float) -> float:
        """How long the loop may wait.

        Args:
            own_s: How long it could without guests, in seconds.
        """
        return min([own_s, *(guest.patience_s for guest in self)])

    def _drive(self, guest: Guest, ready: Sequence[Any]) -> None:
        try:
            guest.events(ready)
        except Exception:
            log.exception("%r failed, and is not driven by this loop any more", guest)
            self.remove(guest)
        self.watch()  # the descriptor of a socket that it closed may be a new connection's a moment later

    def _unwatch(self, fd: int) -> None:
        del self._watched[fd]
        try:
            self._poller.remove(fd)
        except (OSError, KeyError, ValueError):
            pass  # it was closed, which took it out of the poller
