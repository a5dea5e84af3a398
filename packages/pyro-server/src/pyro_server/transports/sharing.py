"""Taking a shared connection back from a worker whose call takes long."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyro_server.transports.connection import Connection

SLOW_CALLS = 200
"""After a long call, so many further deliveries of a connection go to workers of their own at once."""


class Dispossessed(BaseException):
    """Ends the turn of a worker whose connection was taken away. Not an error, so not an ``Exception``."""


class Sharing:
    """The shared connections that workers have.

    A worker puts something into its connection's baton while it runs a call, and takes it out afterwards.
    Whoever takes it out before, has the connection: it is how the serving thread gets it back when a call
    takes longer than the time between two looks.
    """

    def __init__(self) -> None:
        self._held: set[Connection] = set()
        self.add = self._held.add
        self.discard = self._held.discard

    def __contains__(self, connection: object) -> bool:
        return connection in self._held

    def __bool__(self) -> bool:
        return bool(self._held)

    def overdue(self) -> Iterator["Connection"]:
        """Take away the connections whose call has been running since the last look."""
        for connection in list(self._held):
            runs = connection.runs
            if runs != connection.runs_seen:
                connection.runs_seen = runs
            elif connection.baton:
                try:
                    connection.baton.pop()
                except IndexError:
                    continue  # the call has just ended
                yield connection
