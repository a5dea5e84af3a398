"""One thread for everything: for programs whose objects must not be called by two threads at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pyro_core.errors import PyroError
from pyro_core.transport import Host
from pyro_server.transports.base import LoopTransport
from pyro_server.transports.connection import Connection
from pyro_server.transports.poller import READABLE

if TYPE_CHECKING:
    from pyro_core.transport import Work


class MultiplexTransport(LoopTransport):
    """Runs calls in the serving thread, one at a time. No peer can make it wait; a slow method can.

    A foreign event loop can drive it: watch ``sockets`` for reading and call ``events`` when one is ready.
    """

    name: ClassVar[str] = "multiplex"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        self._combined: dict[int, MultiplexTransport] = {}
        super().__init__(host, listeners)

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

    def combine(self, other: "MultiplexTransport") -> None:
        """Serve another multiplex transport in this one's loop, for as long as this one serves.

        Raises:
            PyroError: If this system's poller cannot be watched by another one.
        """
        fd = other._poller.fileno()
        if fd < 0 or fd in self._combined or other is self:
            raise PyroError(
                "cannot combine these two: they must be different, not be combined yet, and this system must "
                "allow a poller to watch another (Linux and BSD do); serve them in two threads instead"
            )
        self._combined[fd] = other
        self._poller.add(fd, READABLE)

    def _other(self, fd: int) -> None:
        other = self._combined.get(fd)
        if other is None:
            return  # closed by something else that was ready at the same time
        if other._over:
            self._poller.remove(fd)
            del self._combined[fd]
        else:
            other._turn(0.0)

    def _tick(self, now: float) -> None:
        super()._tick(now)
        for other in self._combined.values():
            other._turn(0.0)

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
