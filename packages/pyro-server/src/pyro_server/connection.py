"""What hooks and methods see of the connection that a call came from."""

import os
import select
import socket
import weakref
from typing import TYPE_CHECKING, Any, Final

from pyro_core.errors import PyroError
from pyro_core.identity import ANONYMOUS, Access
from pyro_core.setting_groups import Limits
from pyro_server.instances import Sessions

if TYPE_CHECKING:
    from pyro_server.conversation import Conversation

_NOTHING_YET: Final[frozenset[tuple[Access, str, str]]] = frozenset()
STRANGER: Final = "stranger"
GUEST: Final = "guest"
GONE: Final = "gone"
_MANY: Final = Limits().max_tracked
_DONT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
_HUNG_UP = getattr(select, "POLLRDHUP", 0)


class Connection:
    """One client's connection.

    Attributes:
        peer: Address of the client, as text.
        socket: Its socket, to look at (certificates, addresses), not to read from.
        version: Protocol version that the client speaks; 0 before that is known.
        handshake: What the client said in its handshake, without a token if there are authenticators.
        principal: Who the client is; ``ANONYMOUS`` if nobody asked.
        allowed: What it need not be asked about any more, see ``pyro_server.guarded_dispatch``.
        sessions: Instances that belong to this connection.
        conversation: What goes on beside its calls; None with peers that know nothing of that.
    """

    __slots__ = (
        "__weakref__",
        "_max_tracked",
        "_released",
        "_tracked",
        "allowed",
        "conversation",
        "handshake",
        "peer",
        "principal",
        "sessions",
        "socket",
        "standing",
        "version",
    )

    def __init__(self, peer: str, sock: Any, max_tracked: int = _MANY) -> None:
        self.peer = peer
        self.socket = sock
        self.version = 0
        self.standing = ""  # how it is counted, see ``pyro_server.crowd``
        self.handshake: Any = None
        self.principal = ANONYMOUS
        self.allowed = _NOTHING_YET
        self.sessions = Sessions()
        self.conversation: Conversation | None = None
        self._tracked: weakref.WeakSet[Any] | None = None
        self._max_tracked = max_tracked
        self._released = False

    @property
    def is_gone(self) -> bool:
        """Whether the other side has closed the connection, noticed or not."""
        if self._released:
            return True
        # Of the connection itself, whatever a TLS layer or an event loop has of it.
        fileno = getattr(getattr(self.socket, "raw", self.socket), "fileno", None)
        return fileno is not None and _is_at_end(fileno())

    @property
    def tracked(self) -> frozenset[Any]:
        """What will be closed when this connection ends."""
        return frozenset(self._tracked or ())

    def __repr__(self) -> str:
        return f"<Connection from {self.peer or 'somewhere'}>"

    def track_resource(self, resource: Any) -> None:
        """Close something when this connection ends; at once if it has ended, while a call of it still runs.

        Args:
            resource: Has a ``close`` method. It is not kept alive.

        Raises:
            PyroError: If too many are.
        """
        if self._tracked is None:
            self._tracked = weakref.WeakSet()
        if len(self._tracked) >= self._max_tracked:
            raise PyroError(
                f"too many objects belong to the connection from {self.peer} ({self._max_tracked}); close or "
                "unregister some, or raise Limits.max_tracked of the daemon"
            )
        self._tracked.add(resource)
        if self._released:
            self.release()

    def untrack_resource(self, resource: Any) -> None:
        """Do not close it after all."""
        if self._tracked is not None:
            self._tracked.discard(resource)

    def release(self) -> None:
        """Close what is tracked and let go of the instances: the connection is gone."""
        self._released = True
        tracked, self._tracked = self._tracked, None
        for resource in list(tracked or ()):
            try:
                resource.close()
            except Exception:
                import logging

                logging.getLogger("pyro_server.connection").warning(
                    "closing %r of %r failed", resource, self, exc_info=True
                )
        self.sessions.clear()


def _is_at_end(fileno: int) -> bool:
    """Whether the other side of a socket has closed it."""
    if fileno < 0:
        return True
    if _HUNG_UP:  # told also where something was said before that nobody has read
        poller = select.poll()
        poller.register(fileno, _HUNG_UP)
        return bool(poller.poll(0))
    if not _DONT_WAIT:
        return False  # looking might wait
    with socket.socket(fileno=os.dup(fileno)) as twin:
        try:
            return not twin.recv(1, socket.MSG_PEEK | _DONT_WAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
