"""One thread for everything: for programs whose objects must not be called by two threads at once."""

from collections.abc import Callable, Sequence
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from pyro_core.errors import PyroError
from pyro_core.transport import Host
from pyro_server.transports.base import LoopTransport
from pyro_server.transports.connection import Connection

if TYPE_CHECKING:
    from pyro_core.transport import Work


MOST_NESTED = 50
"""Calls that wait for something from their client, each inside of the one before."""


class MultiplexTransport(LoopTransport):
    """Runs calls in the serving thread, one at a time. No peer can make it wait; a slow method can.

    While a method waits for an answer or an item from its client, other calls are served.

    A foreign event loop can drive it: watch ``sockets`` for reading and call ``events`` when one is ready.
    """

    name: ClassVar[str] = "multiplex"
    slice_s = 0.005

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self._nested = 0
        self._loop_thread = 0

    def _turn(self, timeout_s: float) -> None:
        self._loop_thread = get_ident()
        super()._turn(timeout_s)

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
                self._turn(min(left_s, self._patience_s()))
            return True
        finally:
            self._nested -= 1

    @property
    def sockets(self) -> Sequence[Any]:
        """What a foreign loop watches for reading.

        Where the system allows it, this is one object (with ``fileno()``) that stays the same while
        connections come and go; elsewhere the sockets there are now.
        """
        if self._poller.fileno() >= 0:
            return [self._poller]
        return [*self._accepting.values(), *(connection.sock for connection in self._watched.values())]

    def events(self, ready: Sequence[Any]) -> None:
        """Deal with everything that is ready now, without waiting.

        Args:
            ready: Not looked at; the poller knows better.
        """
        self._turn(0.0)

    def _dispatch(self, connection: Connection, works: Sequence["Work"]) -> None:
        run = connection.engine.run
        for done, work in enumerate(works, 1):
            try:
                answer = run(work)
            except Exception:
                self._fail(connection)
                return
            if answer and not self._send(connection, answer):
                connection.works = works[done:]
                return
        self._settle(connection)
