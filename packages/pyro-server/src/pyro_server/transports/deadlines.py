"""Deadlines of connections, checked now and then instead of set with each call."""

from collections.abc import Iterator

from pyro_core.settings import Limits, Timeouts
from pyro_server.transports.connection import Connection

DRAIN_S = 1.0
"""How long the last word of the server may travel before the connection is closed."""
SHORTEST_TICK_S = 0.01


class Deadlines:
    """Knows the connections that must do something soon, and finds those that did not.

    A call costs nothing here: only connections that are new, in the middle of a message, slow to take
    their answer, or closing, are looked at, and only at ticks.

    Args:
        timeouts: How long each may take.
        limits: A connection with more than ``max_write_buffer_bytes`` unsent gets little patience.

    Attributes:
        tick_s: How often to check, in seconds.
    """

    def __init__(self, timeouts: Timeouts, limits: Limits) -> None:
        self._timeouts = timeouts
        self._limits = limits
        self._watched: set[Connection] = set()
        spans = [timeouts.handshake_s, timeouts.message_s, timeouts.write_s, DRAIN_S]
        if timeouts.idle_s is not None:
            spans.append(timeouts.idle_s)
        self.tick_s = max(min(min(spans) / 4, timeouts.housekeeping_s), SHORTEST_TICK_S)
        self.add = self._watched.add
        self.forget = self._watched.discard

    def __len__(self) -> int:
        """Number of connections that are looked at."""
        return len(self._watched)

    def overdue(self, now: float) -> Iterator[tuple[Connection, str]]:
        """Connections to close now, and what they failed to do. Forgets those that have nothing to fear.

        Args:
            now: The time, on the loop's clock.
        """
        for connection in list(self._watched):
            if not connection.mask:
                continue  # a worker has it: its turn comes when the worker gives it back
            verdict = self._verdict(connection, now)
            if verdict is None:
                self._watched.discard(connection)
            elif verdict:
                yield connection, verdict

    def _verdict(self, connection: Connection, now: float) -> str | None:
        """What it failed to do; empty: nothing yet; None: nothing is expected of it."""
        timeouts = self._timeouts
        waited_s = now - connection.progress_at
        if connection.draining:
            return "took too long to close" if waited_s > DRAIN_S else ""
        if connection.unsent:
            patience_s = timeouts.write_s
            unsent = connection.unsent_bytes
            if unsent > self._limits.max_write_buffer_bytes:
                patience_s = min(patience_s, timeouts.housekeeping_s)
            return f"took nothing of {unsent} bytes for {patience_s} s" if waited_s > patience_s else ""
        engine = connection.engine
        if engine.awaiting_handshake:
            late = now - connection.begun_at > timeouts.handshake_s
            return f"no complete handshake within {timeouts.handshake_s} s" if late else ""
        if engine.mid_message:
            late = waited_s > timeouts.message_s
            return f"nothing more of a message begun for {timeouts.message_s} s" if late else ""
        if timeouts.idle_s is not None:
            if engine.busy:
                return ""
            return f"idle for {timeouts.idle_s} s" if waited_s > timeouts.idle_s else ""
        return None
