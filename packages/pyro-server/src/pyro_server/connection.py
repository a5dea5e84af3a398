"""What hooks and methods see of the connection that a call came from."""

import weakref
from typing import Any

from pyro_server.instances import Sessions


class Connection:
    """One client's connection.

    Attributes:
        peer: Address of the client, as text.
        socket: Its socket, to look at (certificates, addresses), not to read from.
        version: Protocol version that the client speaks; 0 before that is known.
        handshake: What the client said in its handshake.
        sessions: Instances that belong to this connection.
    """

    __slots__ = ("__weakref__", "_tracked", "handshake", "peer", "sessions", "socket", "version")

    def __init__(self, peer: str, sock: Any) -> None:
        self.peer = peer
        self.socket = sock
        self.version = 0
        self.handshake: Any = None
        self.sessions = Sessions()
        self._tracked: weakref.WeakSet[Any] | None = None

    def __repr__(self) -> str:
        return f"<Connection from {self.peer or 'somewhere'}>"

    def track_resource(self, resource: Any) -> None:
        """Close something when this connection ends.

        Args:
            resource: Has a ``close`` method. It is not kept alive.
        """
        if self._tracked is None:
            self._tracked = weakref.WeakSet()
        self._tracked.add(resource)

    def untrack_resource(self, resource: Any) -> None:
        """Do not close it after all."""
        if self._tracked is not None:
            self._tracked.discard(resource)

    def release(self) -> None:
        """Close what is tracked and let go of the instances: the connection is gone."""
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
