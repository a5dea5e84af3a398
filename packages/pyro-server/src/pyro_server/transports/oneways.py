"""Running calls that nobody waits for, beside the connections they came from."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyro_core.transport import Work
    from pyro_server.transports.connection import Connection
    from pyro_server.transports.workers import WorkerPool

log = logging.getLogger("pyro_server.transports.oneways")

PATIENCE_S = 0.02
"""After a work has run so long, the next one of its connection is started beside it."""


class Lane:
    """The oneway works of one connection that were not started yet."""

    __slots__ = ("closing", "connection", "queue", "runners", "started_at")

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.queue: deque[Work] = deque()
        self.runners = 0
        self.started_at = 0.0
        self.closing = False


class Oneways:
    """Starts the oneway works of each connection in the order they came, on the pool.

    Usually one worker runs them one after the other, which is cheap and keeps their order. One that takes
    long does not hold up the others: after a moment another worker goes on with the next.

    Args:
        pool: Whose threads run them.
        limit: How many may wait, of all connections together.
        runners: How many workers one connection may have at the same time.
        alert: Called when somebody has to call ``promote`` from time to time.

    Attributes:
        attention: True while ``promote`` has to be called every ``PATIENCE_S``.
    """

    def __init__(self, pool: "WorkerPool", *, limit: int, runners: int, alert: Callable[[], None]) -> None:
        self._pool = pool
        self._limit = limit
        self._runners = max(runners, 1)
        self._alert = alert
        self._lock = threading.Lock()
        self._waiting = 0
        self._lanes: set[Lane] = set()
        self.attention = False

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    def put(self, connection: "Connection", works: Sequence["Work"]) -> None:
        """Take works that came in this order. Runs the oldest here and now while too many wait.

        Called by the connection's worker only.
        """
        lane = connection.lane
        if lane is None:
            lane = connection.lane = Lane(connection)
        with self._lock:
            lane.queue.extend(works)
            self._waiting += len(works)
            first = not lane.runners
            lane.runners += first
            alert = False
            if len(lane.queue) > first:  # a single work that a worker is about to take needs no watching
                self._lanes.add(lane)
                alert = not self.attention
                self.attention = True
        if first:
            self._pool.submit(self._drain, lane)
        if alert:
            self._alert()
        while self._waiting > self._limit and (work := self._take(lane)) is not None:
            self._run(lane, work)

    def promote(self) -> None:
        """Start a further worker where a work takes long while others wait. For the serving thread."""
        now = monotonic()
        more = []
        with self._lock:
            for lane in list(self._lanes):
                if not lane.queue:
                    self._lanes.discard(lane)
                elif lane.runners < self._runners and now - lane.started_at > PATIENCE_S:
                    lane.runners += 1
                    lane.started_at = now
                    more.append(lane)
            self.attention = bool(self._lanes)
        for lane in more:
            self._pool.submit(self._drain, lane)

    def close(self, connection: "Connection") -> bool:
        """The connection is gone.

        Returns:
            True if works of it still wait or run: its engine will be closed after the last of them.
        """
        lane = connection.lane
        if lane is None:
            return False
        with self._lock:
            lane.closing = bool(lane.runners)
            return lane.closing

    def _drain(self, lane: Lane) -> None:
        while (work := self._take(lane, leaving=True)) is not None:
            self._run(lane, work)

    def _take(self, lane: Lane, *, leaving: bool = False) -> "Work | None":
        """The oldest work of a lane. With ``leaving``, a runner that finds none is one less."""
        with self._lock:
            if lane.queue:
                self._waiting -= 1
                lane.started_at = monotonic()
                return lane.queue.popleft()
            lane.runners -= leaving
            last = leaving and lane.closing and not lane.runners
        if last:
            lane.connection.engine.close()
        return None

    def _run(self, lane: Lane, work: "Work") -> None:
        try:
            lane.connection.engine.run(work)
        except Exception:
            log.exception("a oneway request from %s failed", lane.connection.peer)
