"""How a daemon gets on with other event loops, and how one loop serves several daemons."""

import threading
from collections.abc import Sequence
from typing import Any

from pyro_core.errors import PyroError
from pyro_core.settings import ServerSettings
from pyro_server.transports.guests import Driver, Guest


class Driven:
    """The part of ``Daemon`` that is about who runs it. For ``servertype="multiplex"`` only.

    Another loop watches ``sockets`` and calls ``events``; or the loop of another daemon does that, after
    ``combine``.
    """

    settings: ServerSettings
    _transport: Any = None
    _thread: threading.Thread | None = None
    _driver: Driver | None = None
    _guests: Sequence[Guest] = ()

    @property
    def sockets(self) -> Sequence[Any]:
        """Sockets for another event loop to watch for reading.

        Raises:
            PyroError: If this server type has a loop of its own.
        """
        sockets: Sequence[Any] = self._transport.sockets
        return sockets

    @property
    def patience_s(self) -> float:
        """Seconds within which another event loop must call ``events``, even if nothing is ready."""
        patience_s: float = getattr(self._transport, "patience_s", self.settings.timeouts.housekeeping_s)
        return patience_s

    def events(self, ready: Sequence[Any]) -> None:
        """Handle those of ``sockets`` that have something to read; for another event loop.

        Args:
            ready: Those sockets; an empty list where nobody watches them, and only the time has come.
        """
        self._transport.events(ready)

    def combine(self, other: Guest) -> None:
        """Serve something else in this daemon's loop too, whoever runs that.

        It stays its owner's to close, before or after this daemon.

        Args:
            other: Another daemon of this server type, a name server with such a daemon, or a responder to
                broadcasts. Nothing else may run it.

        Raises:
            PyroError: If one of them has a loop of its own, or something runs ``other`` already.
        """
        driver: Any = self
        while driver is not None:
            if driver is other:
                raise PyroError(f"{other!r} cannot be combined with itself, nor with what it serves itself")
            driver = getattr(driver, "_driver", None)
        _ = self.sockets, other.sockets  # raises for server types with a loop of their own
        if not hasattr(self._transport, "combine"):
            raise PyroError(f"server type {self.settings.servertype!r} cannot serve others; use 'multiplex'")
        other.joined(self)
        self._guests = [*self._guests, other]
        self._transport.combine(other)

    def separate(self, other: Guest) -> None:
        """Undo ``combine``. No error if they are not combined."""
        if other in self._guests:
            self._guests = [guest for guest in self._guests if guest is not other]
            self._transport.separate(other)
            other.joined(None)

    def joined(self, driver: Driver | None) -> None:
        """Called when this daemon is combined with another, or separated from it.

        Args:
            driver: Whose loop serves it from now on; None if it is on its own again.

        Raises:
            PyroError: If something else runs it.
        """
        if driver is not None:
            self._check_alone()
            if self._thread is not None:
                raise PyroError(f"{self!r} serves already, in the thread that start() made")
        self._driver = driver
        self._transport.driver = getattr(driver, "_transport", None)

    def _check_alone(self) -> None:
        if self._driver is not None:
            raise PyroError(f"{self!r} is served by the loop of {self._driver!r}; separate(...) it first")

    def _part(self) -> None:
        """Leave the loop that serves this daemon, and let go of those that its own loop serves."""
        if self._driver is not None:
            self._driver.separate(self)
        for guest in self._guests:
            self.separate(guest)
