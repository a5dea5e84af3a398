"""Item streams that one of our servers pushes, many items in a message."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Lock

from pyro_client.turns import Waiting
from pyro_core.duplex import FAILED, Credit, pack_credit
from pyro_core.errors import CommunicationError, ConnectionClosedError, ProtocolError, SerializeError
from pyro_core.outcomes import as_error
from pyro_core.streams import WINDOW_BYTES, Taker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from pyro_client.channel import Channel
    from pyro_client.dialogue import Dialogue
    from pyro_core.duplex import Items


class PushedItems:
    """Iterates over what a remote generator yields. The server is ahead by a window of items, and no further.

    Ends when the remote iterator ends. When the connection is lost, iterating goes on over a new one, if the
    server still has the stream.

    Args:
        channel: Makes connections.
        dialogue: The connection on which the stream was opened.
        stream_id: The server's name for it.
    """

    def __init__(self, channel: Channel, dialogue: Dialogue, stream_id: str) -> None:
        self._channel = channel
        self._dialogue = dialogue
        self._taker = Taker(stream_id)
        self._waiting: deque[Items] = deque()
        self._waiting_bytes = 0
        self._lock = Lock()
        self._lost = False
        self._closed = False
        dialogue.streams[stream_id] = self

    @property
    def stream_id(self) -> str | None:
        """The server's name for the stream; None when it has ended or was closed."""
        return None if self._closed else self._taker.stream_id

    def __iter__(self) -> Iterator[Any]:
        # A generator gives the items of a message with next to no work for each.
        taker = self._taker
        while True:
            yield from taker.ready
            if not self._go_on():
                return

    def __next__(self) -> Any:
        while True:
            for item in self._taker.ready:
                return item
            if not self._go_on():
                raise StopIteration

    def close(self) -> None:
        """Tell the server that no more items are wanted. May be called more than once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            farewell = self._taker.farewell()
            self._waiting.clear()
            self._taker.drop()
        self._dialogue.streams.pop(self._taker.stream_id, None)
        try:
            self._dialogue.say(pack_credit(self._dialogue.connection.session.codec, farewell))
        except CommunicationError:
            return  # the server forgets the stream by itself

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- called by who reads

    def arrived(self, items: Items) -> None:
        """Items have arrived, or the end; they are looked at by who takes them."""
        size = len(items.message.payload)
        with self._lock:
            if self._waiting_bytes > 4 * WINDOW_BYTES:
                self._waiting.clear()
                self._fail(ProtocolError("more of an item stream arrived than was asked for"))
                return
            self._waiting.append(items)
            self._waiting_bytes += size

    def connection_lost(self) -> None:
        """The connection is gone; the server may have been slower than it."""
        self._lost = True

    # ---- inside

    def _go_on(self) -> bool:
        """Wait for more items, if need be; False at the end.

        Raises:
            BaseException: What the remote generator raised.
        """
        taker = self._taker
        while True:
            with self._lock:
                if self._closed:
                    return False
                there = taker.go_on()
                while self._waiting and not there:
                    self._read(self._waiting.popleft())
                    there = taker.go_on()
                credit = taker.credit_due()
            if credit is not None:
                self._ask(credit)
            if there:
                return True
            if taker.over:
                self.close()
                if taker.error is not None:
                    raise taker.error
                return False
            self._wait()

    def _ask(self, credit: Credit) -> None:
        if self._lost:
            return  # done when going on
        try:
            self._dialogue.say(pack_credit(self._dialogue.connection.session.codec, credit))
        except CommunicationError:
            self._lost = True

    def _wait(self) -> None:
        if self._lost:
            self._reopen()
        dialogue, key = self._dialogue, ("stream", self._taker.stream_id)
        slot = Waiting()
        with self._lock:
            if self._waiting:
                return
            dialogue.waiting[key] = slot
        if dialogue.over:
            dialogue.waiting.pop(key, None)
            self._lost = True
            return
        try:
            dialogue.wait(key, slot, self._channel.deadline())
        except ConnectionClosedError:
            self._lost = True

    def _reopen(self) -> None:
        """Take the stream up again over a new connection."""
        dialogue = self._channel.open()
        if not dialogue.shared:
            self._closed = True
            raise ConnectionClosedError(
                f"the connection of this item stream was lost; {dialogue.connection.peer} does not know it",
                peer=dialogue.connection.peer,
            )
        with self._lock:
            self._dialogue = dialogue
            self._lost = False
            dialogue.streams[self._taker.stream_id] = self
            credit = self._taker.renewed()
        self._ask(credit)

    def _read(self, items: Items) -> None:
        payload = items.message.payload
        self._waiting_bytes -= len(payload)
        try:
            value = self._dialogue.connection.serializer.decode_value(payload)
            if items.state == FAILED:
                self._fail(as_error(value))
            else:
                self._taker.arrived(items.state, items.first, value, len(payload))
        except (SerializeError, ProtocolError, TypeError) as problem:
            self._fail(problem)

    def _fail(self, problem: BaseException) -> None:
        if not self._taker.over:
            self._taker.error = problem
            self._taker.over = True
