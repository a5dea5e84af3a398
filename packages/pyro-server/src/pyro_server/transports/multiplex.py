"""One thread for everything: for programs whose objects must not be called by two threads at once."""

import logging
import math
from collections.abc import Callable, Sequence
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from pyro_core.errors import PyroError
from pyro_core.transport import Host
from pyro_server.transports.base import LoopTransport
from pyro_server.transports.connection import Connection
from pyro_server.transports.guests import Guest, Guests
from pyro_server.transports.workers import WorkerPool

if TYPE_CHECKING:
    from pyro_core.transport import Work


log = logging.getLogger("pyro_server.transports.multiplex")

MOST_NESTED = 50
"""Calls that wait for something from their client, each inside of the one before."""


class MultiplexTransport(LoopTransport):
    """Runs calls in the serving thread, one at a time. No peer can make it wait; a slow method can.

    While a method waits for an answer or an item from its client, other calls are served.

    A foreign event loop can drive it: watch ``sockets`` for reading and call ``events`` when one is ready,
    and every ``patience_s``. It can drive guests itself (``combine``), whoever drives it.
    """

    name: ClassVar[str] = "multiplex"
    slice_s = 0.005

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self._guests = Guests(self._poller)
        self.driver: MultiplexTransport | None = None  # whose guest this one is
        self._is_driven = False  # by a foreign loop
        self._nested = 0
        self._loop_thread = 0
        self._beside: WorkerPool | None = None

    def wait(self, connection: Connection, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Serve everybody until something has arrived on a connection."""
        if self._loop_thread != get_ident():
            return ready(timeout_s)
        if self._nested >= MOST_NESTED:
            raise PyroError(
                f"more than {MOST_NESTED} calls wait for their clients, each inside of the one before; "
                "use the server type 'threaded'"
            )
        until = monotonic() + timeout_s
        self._nested += 1
        try:
            while not ready(0.0):
                left_s = until - monotonic()
                if left_s <= 0 or connection.gone:
                    return ready(0.0)
                loop = self._whole_loop()
                loop._turn(min(left_s, loop._patience_s()))
            return True
        finally:
            self._nested -= 1

    @property
    def is_serving(self) -> bool:
        return self._is_driven or self.driver is not None or super().is_serving

    @property
    def sockets(self) -> Sequence[Any]:
        """What a foreign loop watches for reading.

        Where the system allows it, this is one object (with ``fileno()``) that stays the same while
        connections come and go; elsewhere the sockets there are now. Once it is closed there are none.
        """
        if self._serving.over:
            return []
        if self._poller.fileno() >= 0:
            return [self._poller]
        own = [*self._acceptor.sockets, *(connection.sock for connection in self._watched.by_fd.values())]
        return [*own, *(sock for guest in self._guests for sock in guest.sockets)]

    @property
    def patience_s(self) -> float:
        """Seconds within which a foreign loop must call ``events`` again, even if nothing is ready."""
        return math.inf if self._serving.over else self._patience_s()

    def events(self, ready: Sequence[Any]) -> None:
        """Deal with everything that is ready now, without waiting.

        Args:
            ready: Not looked at; the poller knows better.
        """
        self._is_driven = True
        if self._serving.is_here:  # a method that runs lets its loop go on
            self._turn(0.0)
            return
        # What ``serve`` does, for one turn: ``close`` must not pull the poller away from under it.
        self._serving.begin()
        try:
            if not self._serving.close_after:
                self._turn(0.0)
        finally:
            self._serving.end()
        if self._serving.close_after:
            self._close_all()

    def combine(self, guest: Guest) -> None:
        """Drive something else in this loop too. From any thread."""
        self._guests.add(guest)
        self._wakeup.wake()  # its sockets are watched from the next turn on

    def separate(self, guest: Guest) -> None:
        """Drive it no longer. From any thread; to be done before it is closed."""
        self._guests.remove(guest)

    def _patience_s(self) -> float:
        return self._guests.patience_s(super()._patience_s()) if self._guests else super()._patience_s()

    def _whole_loop(self) -> "MultiplexTransport":
        """The one that drives this one, or drives the one that does, and so on."""
        loop = self
        while loop.driver is not None:
            loop = loop.driver
        return loop

    def _turn(self, timeout_s: float) -> None:
        self._loop_thread = get_ident()
        if not self._guests:
            super()._turn(timeout_s)
            return
        self._guests.watch()
        super()._turn(timeout_s)
        self._guests.tick()

    def _other_ready(self, fd: int) -> None:
        if not self._guests.ready(fd):
            super()._other_ready(fd)

    def _run_beside(self, connection: Connection, work: "Work") -> None:
        """Run a request that nobody waits for in a thread: only if the host says that it may."""
        if self._beside is None:
            self._beside = WorkerPool(f"pyro-{self.name}", most=self._settings.threads)
        self._beside.submit(lambda one: self._run_oneway(connection, one), work)

    def _run_oneway(self, connection: Connection, work: "Work") -> None:
        try:
            connection.engine.run(work)
        except Exception:
            log.exception("a oneway request from %s failed", connection.peer)

    def _close_all(self) -> None:
        if self._beside is not None:
            self._beside.stop()
        self._guests.clear()
        super()._close_all()

    def _dispatch(self, connection: Connection, works: Sequence["Work"]) -> None:
        run = connection.engine.run
        for done, work in enumerate(works, 1):
            if work.oneway:
                self._run_beside(connection, work)
                continue
            try:
                answer = run(work)
            except Exception:
                self._fail(connection)
                return
            if answer and not self._send(connection, answer):
                connection.works = works[done:]
                return
        self._settle(connection)
