"""Item streams: iterators that stay here while clients take their items one by one."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from pyro_core.errors import PyroError

TERMINATED = "item stream terminated"
"""What stock clients are told about a stream that does not exist (any more)."""


class _Stream:
    __slots__ = ("items", "lingers_until", "lock", "opened_at", "owner")

    def __init__(self, items: Iterator[Any], owner: object, opened_at: float) -> None:
        self.items = items
        self.owner: object | None = owner
        self.opened_at = opened_at
        self.lingers_until: float | None = None
        self.lock = threading.Lock()


class StreamTable:
    """The open item streams of one daemon.

    A stream ends when it is exhausted, fails or is closed; when it lived for ``lifetime_s``; or when its
    connection has been gone for ``linger_s`` and nobody went on with it from another one.

    Args:
        max_streams: How many may be open.
        lifetime_s: Seconds that a stream may live; 0 for any time.
        linger_s: Seconds that a stream survives its connection.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        *,
        max_streams: int,
        lifetime_s: float = 0.0,
        linger_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_streams = max_streams
        self._lifetime_s = lifetime_s
        self._linger_s = linger_s
        self._clock = clock
        self._streams: dict[str, _Stream] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Number of open streams."""
        return len(self._streams)

    def open(self, items: Iterator[Any], owner: object) -> str:
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
            if len(self._streams) < self._max_streams:
                self._streams[stream_id] = _Stream(items, owner, self._clock())
                return stream_id
        _finish(items)
        raise PyroError(
            f"too many item streams are open ({self._max_streams}); "
            "close some, or raise Limits.max_streams of the daemon"
        )

    def next_item(self, stream_id: str, owner: object) -> Any:
        """Take the next item.

        Args:
            stream_id: Id of the stream.
            owner: The connection that asks; the stream belongs to it from now on.

        Raises:
            StopIteration: If there is none left; the stream is closed.
            PyroError: If there is no such stream.
        """
        stream = self._streams.get(stream_id)
        if stream is None:
            raise PyroError(TERMINATED)
        with stream.lock:
            if self._streams.get(stream_id) is not stream:  # it ended while this call waited for its turn
                raise PyroError(TERMINATED)
            if self._expired(stream):
                self._drop(stream_id)
                _finish(stream.items)
                raise PyroError(TERMINATED)
            stream.owner, stream.lingers_until = owner, None
            try:
                item = next(stream.items)
            except BaseException:
                self._drop(stream_id)
                raise
            if stream_id not in self._streams:  # closed meanwhile
                _finish(stream.items)
            return item

    def close(self, stream_id: str) -> None:
        """End a stream early; one that is at work ends after its item. An unknown id is no error."""
        stream = self._drop(stream_id)
        if stream is not None and stream.lock.acquire(blocking=False):
            try:
                _finish(stream.items)
            finally:
                stream.lock.release()

    def disconnected(self, owner: object) -> None:
        """A connection is gone: its streams linger for a while."""
        until = self._clock() + self._linger_s
        for stream_id, stream in list(self._streams.items()):
            if stream.owner is owner:
                stream.owner, stream.lingers_until = None, until
                if self._linger_s <= 0:
                    self.close(stream_id)

    def expire(self) -> None:
        """End the streams whose time is over. To be called every now and then."""
        for stream_id, stream in list(self._streams.items()):
            if self._expired(stream):
                self.close(stream_id)

    def clear(self) -> None:
        """End all streams."""
        for stream_id in list(self._streams):
            self.close(stream_id)

    def _expired(self, stream: _Stream) -> bool:
        now = self._clock()
        if stream.lingers_until is not None and now >= stream.lingers_until:
            return True
        return self._lifetime_s > 0 and now - stream.opened_at >= self._lifetime_s

    def _drop(self, stream_id: str) -> _Stream | None:
        with self._lock:
            return self._streams.pop(stream_id, None)


def _finish(items: Iterator[Any]) -> None:
    """Let a generator run its ``finally`` blocks now; what they raise concerns nobody who is still there."""
    close = getattr(items, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        import logging

        logging.getLogger("pyro_server.streams").warning(
            "closing the item stream %r failed", items, exc_info=True
        )
