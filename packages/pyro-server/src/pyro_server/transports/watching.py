"""The connections that a poller watches."""

from pyro_server.transports.connection import Connection
from pyro_server.transports.poller import Poller


class Watched:
    """The connections that a poller watches, and what for. For one thread at a time.

    Args:
        poller: The poller.

    Attributes:
        by_fd: The connections, by their descriptors.
    """

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self.by_fd: dict[int, Connection] = {}

    def __len__(self) -> int:
        return len(self.by_fd)

    def add(self, connection: Connection, mask: int) -> None:
        """Have a connection watched for this, and nothing else."""
        if not connection.mask:
            self.by_fd[connection.fd] = connection
            self._poller.add(connection.fd, mask)
        elif connection.mask != mask:
            self._poller.change(connection.fd, mask)
        connection.mask = mask

    def discard(self, connection: Connection) -> None:
        """Have a connection watched no longer."""
        if connection.mask:
            connection.mask = 0
            del self.by_fd[connection.fd]
            self._poller.remove(connection.fd)
