"""What programs see of a daemon's transport."""

from collections.abc import Callable, Sequence
from typing import Any


class _Face:
    """A daemon's transport.

    Args:
        daemon: The daemon.
    """

    def __init__(self, daemon: Any) -> None:
        self.daemon = daemon

    @property
    def sock(self) -> Any:
        """The socket that it listens on."""
        return self.daemon._transport.listeners[0]

    @property
    def sockets(self) -> list[Any]:
        """Sockets to watch."""
        transport = self.daemon._transport
        if not hasattr(transport, "combine"):
            return [self.sock]
        return [*transport.listeners, *(connection.sock for connection in transport._watched.by_fd.values())]

    @property
    def locationStr(self) -> str:
        """Where it listens."""
        return str(self.daemon.locationStr)

    @property
    def selector(self) -> Any:
        """What watches the sockets; the same one for daemons that are combined."""
        transport = self.daemon._transport
        while getattr(transport, "driver", None) is not None:
            transport = transport.driver
        return transport

    def loop(self, loopCondition: Callable[[], Any] = lambda: True) -> None:
        """Serve until the condition is false."""
        self.daemon.requestLoop(loopCondition)

    def events(self, eventsockets: Sequence[Any]) -> None:
        """Deal with what has arrived on some of ``sockets``."""
        self.daemon.events(eventsockets)

    def combine_loop(self, server: "_Face") -> None:
        """Serve what another one serves, too."""
        self.daemon.combine(server.daemon)

    def shutdown(self) -> None:
        """Stop serving."""
        self.daemon.shutdown()

    def close(self) -> None:
        """Close the daemon."""
        self.daemon.close()


class SocketServer_Threadpool(_Face):
    """Calls run in threads."""


class SocketServer_Multiplex(_Face):
    """Calls run one after the other."""


class SocketServer_ExistingConnection(_Face):
    """One connected socket is served."""


_KINDS = {
    "threaded": SocketServer_Threadpool,
    "multiplex": SocketServer_Multiplex,
    "existing": SocketServer_ExistingConnection,
}


def face(daemon: Any) -> _Face:
    """The face of a daemon's transport."""
    return _KINDS.get(daemon.settings.servertype, _Face)(daemon)
