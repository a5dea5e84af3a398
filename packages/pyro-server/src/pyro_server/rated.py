"""A limit on how often one connection may call, for daemons that have one."""

from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_core.call_ids import AGAIN
from pyro_core.wire.message import Message
from pyro_server.connection import Connection
from pyro_server.engine import ServerEngine
from pyro_server.refusals import too_often
from pyro_server.requests import Job

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost


class RatedEngine(ServerEngine):
    """The server's side of a connection whose calls are counted: a bucket of tokens, one a call.

    Plain calls do not go the short way here.

    Args:
        host: The daemon's innards.
        connection: What hooks and methods see of the connection.
        rate: So many tokens come in a second, and so many fit in.
        require_handshake: False for a socket that the program connected itself.
    """

    __slots__ = ("_counted_at", "_left", "rate")

    def __init__(
        self, host: "DaemonHost", connection: Connection, rate: int, *, require_handshake: bool = True
    ) -> None:
        super().__init__(host, connection, require_handshake=require_handshake)
        self._quick_bytes = -1
        self.rate = rate
        self._left = float(rate)
        self._counted_at = monotonic()

    def admit(self, message: Message) -> Any:
        """A call that arrived, as work; one too many is only answered so."""
        now = monotonic()
        self._left = min(self._left + (now - self._counted_at) * self.rate, float(self.rate))
        self._counted_at = now
        if self._left >= 1:
            self._left -= 1
            return super().admit(message)
        return TooOften(self, message)


class TooOften(Job):
    """A call that is refused because its client calls too often."""

    __slots__ = ("_engine", "_message")

    def __init__(self, engine: RatedEngine, message: Message) -> None:
        super().__init__(lambda: None)
        self.concurrent = engine.shared
        self._engine = engine
        self._message = message

    def run(self) -> Any:
        """The answer."""
        return self._engine.refuse(self._message, too_often(self._engine.rate), AGAIN)
