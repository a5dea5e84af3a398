"""Item streams that a client sent as an argument: their items are made there, and taken here."""

import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pyro_core.duplex import FAILED, Items
from pyro_core.errors import ConnectionClosedError, ProtocolError, SerializeError, TimeoutError
from pyro_core.outcomes import as_error
from pyro_core.serializer import Serializer
from pyro_core.streams import WINDOW_BYTES, Taker

if TYPE_CHECKING:
    from pyro_server.conversation import Conversation

PATIENCE_S: Final = 3600.0
"""How long the next item of a client's stream is waited for."""


class ArrivingStream:
    """Iterates over what a client's generator yields, in plain methods with ``for``.

    In ``async def`` methods it is iterated with ``async for``.

    Args:
        stream_id: Name of the stream.
        serializer: Decodes the items.
        conversation: Reaches the client.
    """

    def __init__(self, stream_id: str, serializer: Serializer, conversation: "Conversation") -> None:
        self._taker = Taker(stream_id)
        self._serializer = serializer
        self._conversation = conversation
        self._waiting: deque[Items] = deque()
        self._waiting_bytes = 0
        self._most_bytes = 4 * WINDOW_BYTES
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._wake_task: Any = None  # wakes a task that waits, from any thread

    # ---- called by who receives

    def arrived(self, items: Items) -> None:
        """Items have arrived, or the end; they are looked at by who takes them."""
        size = len(items.message.payload)
        with self._lock:
            self._waiting_bytes += size
            if self._waiting_bytes > self._most_bytes + size:
                self._waiting.clear()
                self._set_error(ProtocolError("more of an item stream arrived than was asked for"))
            else:
                self._waiting.append(items)
        self._notify()

    def connection_lost(self) -> None:
        """No more items will come."""
        self._fail(ConnectionClosedError("the connection that this item stream came from is gone"))
        self._notify()

    # ---- called by the method

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

    async def __aiter__(self) -> AsyncIterator[Any]:
        taker = self._taker
        while True:
            for item in taker.ready:
                yield item
            if not await self._go_on_later():
                return

    async def __anext__(self) -> Any:
        while True:
            for item in self._taker.ready:
                return item
            if not await self._go_on_later():
                raise StopAsyncIteration

    def close(self) -> None:
        """Tell the client that no more items are wanted. May be called more than once."""
        with self._lock:
            over, farewell = self._taker.over, self._taker.farewell()
            self._waiting.clear()
            self._taker.drop()
        if not over:
            self._say(farewell)
        self._conversation.forget_stream(self._taker.stream_id)

    def _go_on(self) -> bool:
        """Wait for more items, if need be; False at the end."""
        while True:
            if self._look():
                return True
            if self._taker.over:
                self._end()
                return False
            if not self._conversation.wire.wait(self._news.wait, PATIENCE_S):
                raise TimeoutError(f"no item arrived from the client's stream for {PATIENCE_S:g} s")

    async def _go_on_later(self) -> bool:
        """The same for a task."""
        import asyncio

        loop = asyncio.get_running_loop()
        while True:
            waiter = loop.create_future()
            self._wake_task = partial(loop.call_soon_threadsafe, _wake, waiter)
            if self._look():
                return True
            if self._taker.over:
                self._end()
                return False
            async with asyncio.timeout(PATIENCE_S):
                await waiter

    def _look(self) -> bool:
        """Whether an item is there; asks for more in good time."""
        with self._lock:
            self._news.clear()
            there = self._taker.go_on()
            while self._waiting and not there:
                self._read(self._waiting.popleft())
                there = self._taker.go_on()
            credit = self._taker.credit_due()
        if credit is not None:
            self._say(credit)
        return there

    def _read(self, items: Items) -> None:
        payload = items.message.payload
        self._waiting_bytes -= len(payload)
        try:
            value = self._serializer.decode_value(payload)
            if items.state == FAILED:
                self._set_error(as_error(value))
            else:
                self._taker.arrived(items.state, items.first, value, len(payload))
        except (SerializeError, ProtocolError, TypeError) as problem:
            self._set_error(problem)

    def _end(self) -> None:
        error = self._taker.error
        self._taker.error = None
        self._conversation.forget_stream(self._taker.stream_id)
        self._say(self._taker.farewell())
        if error is not None:
            raise error

    def _say(self, credit: Any) -> None:
        try:
            self._conversation.send_credit(credit)
        except ConnectionClosedError as problem:
            self._fail(problem)

    def _fail(self, problem: BaseException) -> None:
        with self._lock:
            self._set_error(problem)

    def _set_error(self, problem: BaseException) -> None:
        if not self._taker.over:
            self._taker.error = problem
            self._taker.over = True

    def _notify(self) -> None:
        self._news.set()
        wake = self._wake_task
        if wake is not None:
            wake()


def _wake(waiter: Any) -> None:
    if not waiter.done():
        waiter.set_result(None)
