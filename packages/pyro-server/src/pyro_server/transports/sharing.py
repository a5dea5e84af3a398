"""Reading on from a shared connection while a worker runs a call of it that takes long."""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyro_server.transports.connection import Connection

SLOW_CALLS = 200
"""After something arrived during a long call, so many deliveries of its connection go to other workers."""
LOOK_S = 0.015
"""How often to look for calls that take long: they have been running for this time, or nearly twice that."""


class Dispossessed(BaseException):
    """Ends the turn of a worker whose connection was taken away. Not an error, so not an ``Exception``."""


class Sharing:
    """The shared connections that workers have.

    A worker puts something into its connection's baton while it runs a call, and takes it out afterwards.
    When a call takes longer than the time between two looks, the serving thread takes it out, and guards the
    connection: it is watched, and still the worker's. If something arrives on it, the serving thread seizes
    the connection, reads it and goes on with it, and the worker only delivers its answer. If nothing does,
    which is what clients do that make one call after the other, the worker takes it back after the call and
    keeps it.

    Args:
        watch: Has a connection watched for what arrives.
        unwatch: Has it watched no longer.
        nudge: Has the loop look around soon.
    """

    def __init__(
        self,
        watch: Callable[["Connection"], None],
        unwatch: Callable[["Connection"], None],
        nudge: Callable[[], None],
    ) -> None:
        self._watch = watch
        self._unwatch = unwatch
        self._nudge = nudge
        self._lock = threading.Lock()  # held to guard, to seize and to take back
        self._look_at = 0.0
        self._held: set[Connection] = set()
        self.add = self._held.add
        self.discard = self._held.discard

    def __contains__(self, connection: object) -> bool:
        return connection in self._held

    def __bool__(self) -> bool:
        return bool(self._held)

    def guard(self, now: float) -> Iterator["Connection"]:
        """Guard the connections whose call has been running since the last look, if that was long ago.

        Args:
            now: The time. Called by the serving thread.

        Returns:
            Those of them with further requests or answers, which must not wait for that call: they were
            seized.
        """
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        for connection in list(self._held):
            runs = connection.runs
            if runs != connection.runs_seen:
                connection.runs_seen = runs
            elif connection.baton:
                with self._lock:
                    try:
                        connection.baton.pop()
                    except IndexError:
                        continue  # the call has just ended
                    self._held.discard(connection)
                    if not (connection.works or connection.burst or connection.answers):
                        connection.guarded = True
                        self._watch(connection)
                        continue
                yield connection

    def seize(self, connection: "Connection") -> bool:
        """Take a guarded connection from its worker; False if that has taken it back."""
        with self._lock:
            guarded = connection.guarded
            connection.guarded = False
            return guarded

    def take_back(self, connection: "Connection") -> bool:
        """Go on with a guarded connection after its call; False if it was seized. For its worker."""
        with self._lock:
            if not connection.guarded:
                return False
            self._unwatch(connection)
            connection.guarded = False  # last: who sees this sees that it is not watched
            alone = not self._held
            self._held.add(connection)
        if alone:
            self._nudge()  # nobody looks after it yet
        return True
