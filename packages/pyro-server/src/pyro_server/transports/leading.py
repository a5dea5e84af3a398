"""Letting a worker run the loop and the calls it finds, and taking the loop back from a long call."""

import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyro_server.transports.connection import Connection

LONG_S = 0.005
"""A call that runs longer than this must not hold up the loop."""
ALONE_CALLS = 64
"""After so many calls in a row from one connection, there is no crowd any more."""
REST_S = 1.0
"""After the loop had to be taken back, nobody leads for so long; twice as long each time."""
LONGEST_REST_S = 64.0


class Deposed(BaseException):
    """Ends the turn of a leader from whom the loop was taken. Not an error, so not an ``Exception``."""


class Leadership:
    """Who runs the loop: the serving thread, or a worker that leads.

    Handing each request to another thread is dear when many connections are busy at the same time. A
    leader runs the loop and the calls themselves, one after the other, and the serving thread just watches
    it: when one call takes long, it takes the loop back, and the leader becomes an ordinary worker of that
    call. Which of them has the loop while a call runs is decided by who takes the baton away.

    Attributes:
        leading: True while a worker has the loop.
        recalled: True when the leader is to give the loop back.
    """

    def __init__(self) -> None:
        self.leading = False
        self.recalled = False
        self._baton: deque[Connection] = deque()  # holds the leader's connection while its call runs
        self._calls = 0
        self._calls_seen = 0
        self._same = 0
        self._last = 0  # id() of the last connection, which may be gone
        self._dozing = False
        self._alarm = threading.Lock()  # released to wake the serving thread
        self._alarm.acquire()
        self._rest_s = REST_S
        self._rested_at = 0.0

    def may_begin(self) -> bool:
        """Whether a worker may lead, after the rest that follows a long call."""
        return monotonic() >= self._rested_at

    def begin(self) -> None:
        """A worker is about to lead. Called by the serving thread, which has the loop."""
        self._calls = self._calls_seen = self._same = 0
        self._last = 0
        self.recalled = False
        self.leading = True

    def resign(self) -> None:
        """The leader gives the loop back. Called by the leader while no call runs."""
        self._last = 0
        if self._calls > 100 * ALONE_CALLS:
            self._rest_s = REST_S  # it went well
        self.leading = False
        self.wake()

    def enter(self, connection: "Connection") -> None:
        """A call begins. Called by the leader."""
        self._calls += 1
        if id(connection) == self._last:
            self._same += 1
        else:
            self._last = id(connection)
            self._same = 0
        self._baton.append(connection)
        if self._dozing:
            self.wake()

    def leave(self) -> bool:
        """The call has ended. Called by the leader.

        Returns:
            False if the loop was taken away meanwhile: then nothing of it must be touched.
        """
        try:
            self._baton.pop()
        except IndexError:
            return False
        return True

    @property
    def alone(self) -> bool:
        """True if one connection has been the only busy one for a while."""
        return self._same > ALONE_CALLS

    def watch(self, timeout_s: float) -> "Connection | None":
        """Look after the leader for a moment. Called by the serving thread.

        Args:
            timeout_s: How long to wait while the leader has nothing to do, in seconds.

        Returns:
            The connection whose call takes too long, if the loop was taken back.
        """
        calls = self._calls
        if calls == self._calls_seen and not self._baton:
            self._dozing = True
            if self.leading and not self._baton:
                self._alarm.acquire(timeout=timeout_s)
            self._dozing = False
            return None
        self._calls_seen = calls
        self._alarm.acquire(blocking=False)
        self._alarm.acquire(timeout=LONG_S)
        return self._take_back() if self._calls == calls and self._baton else None

    def wake(self) -> None:
        """End the serving thread's wait. From any thread or signal handler."""
        self._dozing = False
        try:
            self._alarm.release()
        except RuntimeError:
            pass  # woken already

    def _take_back(self) -> "Connection | None":
        try:
            connection = self._baton.pop()
        except IndexError:
            return None  # the call has just ended
        self.leading = False
        self._rested_at = monotonic() + self._rest_s
        self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        return connection
