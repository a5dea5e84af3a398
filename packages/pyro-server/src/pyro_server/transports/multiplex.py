"""One thread for everything: for programs whose objects must not be called by two threads at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pyro_server.transports.base import LoopTransport
from pyro_server.transports.connection import Connection

if TYPE_CHECKING:
    from pyro_core.transport import Work


class MultiplexTransport(LoopTransport):
    """Runs calls in the serving thread, one at a time. No peer can make it wait; a slow method can.

    A foreign event loop can drive it: watch ``sockets`` for reading and call ``events`` when one is ready.
    """

    name: ClassVar[str] = "multiplex"

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
