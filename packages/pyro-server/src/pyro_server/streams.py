"""Item streams: iterators that stay here while clients take their items.

A stock client takes them one by one, with a call for each. To a client that agreed to the extra ``stream``
they are pushed (see ``pyro_core.streams``).
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from pyro_core.duplex import Credit
from pyro_core.errors import CommunicationError, ConnectionClosedError, PyroError
from pyro_core.net.pump import Flusher, Pump, Say, finish
from pyro_core.streams import Maker
from pyro_server.connection import Connection

TERMINATED = "item stream terminated"
"""What stock clients are told about a stream that does not exist (any more)."""


class _Stream:
    __slots__ = ("items", "lingers_until", "lock", "opened_at", "owner", "principal", "pump")

    def __init__(self, items: Iterator[Any], owner: Connection | None, opened_at: float) -> None:
        self.items = items
        self.owner = owner
        self.principal = getattr(owner, "principal", None)
        self.opened_at = opened_at
        self.lingers_until: float | None = None
        self.lock = threading.Lock()  # held while a stock client's next item is made
        self.pump: Pump | None = None

    def end(self) -> None:
        """Let go of the iterator, as soon as it is not at work."""
        if self.pump is not None:
            self.pump.stop()
        elif self.lock.acquire(blocking=False):
            try:
                finish(self.items)
            finally:
                self.lock.release()


class StreamTable:
    """The open item streams of one daemon.

    A stream belongs to the connection that opened it. It ends when it is exhausted, fails or is closed; when
    it lived for ``lifetime_s``; or when its connection has been gone for ``linger_s`` and nobody who knows
    its id went on with it over another one.

    Args:
        max_streams: How many may be open.
        max_per_connection: How many of them for one connection; None for all.
        lifetime_s: Seconds that a stream may live; 0 for any time.
        linger_s: Seconds that a stream survives its connection.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        *,
        max_streams: int,
        max_per_connection: int | None = None,
        lifetime_s: float = 0.0,
        linger_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_streams = max_streams
        self._max_per_connection = max_streams if max_per_connection is None else max_per_connection
        self.lifetime_s = lifetime_s
        self.linger_s = linger_s
        self._clock = clock
        self._streams: dict[str, _Stream] = {}
        self._lock = threading.Lock()
        self._flusher = Flusher()

    def __len__(self) -> int:
        """Number of open streams."""
        return len(self._streams)

    def open(self, items: Iterator[Any], owner: Connection | None) -> str:
        """Keep an iterator.

        Args:
            items: The iterator.
            owner: The connection that it was made for.

        Returns:
            The id under which its items can be taken.

        Raises:
            PyroError: If too many streams are open.
        """
        stream_id = str(uuid4())
        with self._lock:
            full = len(self._streams) >= self._max_streams
            if not full and not self._has_enough(owner):
                self._streams[stream_id] = _Stream(items, owner, self._clock())
                return stream_id
        finish(items)
        most, name = (
            (self._max_streams, "max_streams")
            if full
            else (self._max_per_connection, "max_streams_per_connection")
        )
        raise PyroError(
            f"too many item streams are open{'' if full else ' on this connection'} ({most}); "
            f"close some, or raise Limits.{name} of the daemon"
        )

    def next_item(self, stream_id: str, owner: Connection | None) -> Any:
        """Take the next item, for a client that asks for each.

        Args:
            stream_id: Id of the stream.
            owner: The connection that asks.

        Raises:
            StopIteration: If there is none left; the stream is closed.
            PyroError: If there is no such stream, or it belongs to another connection.
        """
        stream = self._streams.get(stream_id)
        if stream is None or stream.pump is not None:
            raise PyroError(TERMINATED)
        with stream.lock:
            if self._streams.get(stream_id) is not stream:  # it ended while this call waited for its turn
                raise PyroError(TERMINATED)
            if self._expired(stream):
                self._drop(stream_id)
                finish(stream.items)
                raise PyroError(TERMINATED)
            self._claim(stream, owner)
            try:
                item = next(stream.items)
            except BaseException:
                self._drop(stream_id)
                raise
            if stream_id not in self._streams:  # closed meanwhile
                finish(stream.items)
            return item

    def credit(self, credit: Credit, owner: Connection, say: Say) -> Callable[[float | None], None] | None:
        """Notice what a client says of a stream that is pushed to it.

        Args:
            credit: What it says.
            owner: Its connection.
            say: Sends items over that connection.

        Returns:
            What to run now, in a thread that may take its time, with the seconds after which it has to pause;
            None if there is nothing to do.

        Raises:
            PyroError: If there is no such stream, or it belongs to another connection.
        """
        stream = self._streams.get(credit.stream_id)
        if stream is None or self._expired(stream):
            if credit.stop:
                return None
            raise PyroError(TERMINATED)
        if stream.pump is None:
            self._claim(stream, owner)
            stream.pump = Pump(Maker(credit.stream_id), stream.items, say, self._flusher)
        elif stream.owner is not owner:
            self._claim(stream, owner)
            stream.pump.say = say
            return self._going_on(stream.pump, credit)
        if credit.stop:
            return lambda _: self.close(credit.stream_id)
        return stream.pump.run if stream.pump.credit(credit) else None

    def close(self, stream_id: str) -> None:
        """End a stream early; one that is at work ends after its item. An unknown id is no error."""
        stream = self._drop(stream_id)
        if stream is not None:
            stream.end()

    def disconnected(self, owner: Connection) -> None:
        """A connection is gone: its streams linger for a while."""
        until = self._clock() + self.linger_s
        for stream_id, stream in list(self._streams.items()):
            if stream.owner is owner:
                stream.owner, stream.lingers_until = None, until
                if stream.pump is not None:
                    stream.pump.say = _nobody_listens
                if self.linger_s <= 0 or (stream.pump is not None and stream.pump.maker.done):
                    self.close(stream_id)

    def expire(self) -> None:
        """End the streams whose time is over. To be called every now and then."""
        for stream_id, stream in list(self._streams.items()):
            if self._expired(stream):
                self._say_expired(stream)
                self.close(stream_id)

    def clear(self) -> None:
        """End all streams."""
        for stream_id in list(self._streams):
            self.close(stream_id)

    def _has_enough(self, owner: Connection | None) -> bool:
        """Whether a connection has as many streams as it may."""
        if len(self._streams) < self._max_per_connection:
            return False
        return sum(stream.owner is owner for stream in self._streams.values()) >= self._max_per_connection

    def _claim(self, stream: _Stream, owner: Connection | None) -> None:
        """Make a stream that of a connection, unless it is that of another one which is alive."""
        before = stream.owner
        if before is not None and before is not owner and not before.is_gone:
            raise PyroError(f"{TERMINATED}: it belongs to another connection")
        if owner is not None and stream.principal not in (None, getattr(owner, "principal", None)):
            raise PyroError(f"{TERMINATED}: it belongs to somebody else")
        stream.owner, stream.lingers_until = owner, None

    @staticmethod
    def _going_on(pump: Pump, credit: Credit) -> Callable[[float | None], None]:
        """What to do when a stream goes on over another connection."""

        def go_on(slice_s: float | None) -> None:
            run = pump.credit(credit)
            pump.again()
            if run:
                pump.run(slice_s)

        return go_on

    @staticmethod
    def _say_expired(stream: _Stream) -> None:
        pump = stream.pump
        if pump is not None and not pump.maker.ended:
            try:
                pump.fail(PyroError(TERMINATED))
            except CommunicationError:
                return  # nobody is there to be told

    def _expired(self, stream: _Stream) -> bool:
        now = self._clock()
        if stream.lingers_until is not None and now >= stream.lingers_until:
            return True
        return self.lifetime_s > 0 and now - stream.opened_at >= self.lifetime_s

    def _drop(self, stream_id: str) -> _Stream | None:
        with self._lock:
            return self._streams.pop(stream_id, None)


def _nobody_listens(state: int, first: int, items: Any) -> int:
    raise ConnectionClosedError("the connection of this item stream is gone")
