"""Item streams that one of our servers pushes, for asyncio."""

import asyncio
import builtins
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Self

from pyro_client.async_dialogue import AsyncDialogue
from pyro_core.duplex import FAILED, Credit, Items, pack_credit
from pyro_core.errors import ConnectionClosedError, ProtocolError, SerializeError
from pyro_core.outcomes import as_error
from pyro_core.streams import Taker

if TYPE_CHECKING:
    from pyro_client.async_channel import AsyncChannel


class AsyncPushedItems:
    """Iterates over what a remote generator yields, with ``async for``.

    The server is ahead by a window of items, and no further. When the connection is lost, iterating goes on
    over a new one, if the server still has the stream.

    Args:
        channel: Makes connections.
        dialogue: The connection on which the stream was opened.
        stream_id: The server's name for it.
    """

    def __init__(self, channel: "AsyncChannel", dialogue: AsyncDialogue, stream_id: str) -> None:
        self._channel = channel
        self._dialogue = dialogue
        self._taker = Taker(stream_id)
        self._news: asyncio.Future[None] | None = None
        self._lost = False
        self._closed = False
        dialogue.streams[stream_id] = self

    @property
    def stream_id(self) -> str | None:
        """The server's name for the stream; None when it has ended or was closed."""
        return None if self._closed else self._taker.stream_id

    async def __aiter__(self) -> AsyncIterator[Any]:
        # A generator gives the items of a message with next to no work for each.
        taker = self._taker
        while True:
            for item in taker.ready:
                yield item
            if not await self._go_on():
                return

    async def __anext__(self) -> Any:
        while True:
            for item in self._taker.ready:
                return item
            if not await self._go_on():
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Tell the server that no more items are wanted. May be called more than once."""
        self._close()

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._taker.drop()
        self._dialogue.streams.pop(self._taker.stream_id, None)
        if not self._dialogue.over:
            self._dialogue.say(pack_credit(self._dialogue.connection.session.codec, self._taker.farewell()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def arrived(self, items: Items) -> None:
        """Items have arrived, or the end."""
        payload = items.message.payload
        try:
            value = self._dialogue.connection.serializer.decode_value(payload)
            if items.state == FAILED:
                self._fail(as_error(value))
            else:
                self._taker.arrived(items.state, items.first, value, len(payload))
        except (SerializeError, ProtocolError, TypeError) as problem:
            self._fail(problem)
        self._wake()

    def connection_lost(self) -> None:
        """The connection is gone."""
        self._lost = True
        self._wake()

    async def _go_on(self) -> bool:
        """Wait for more items, if need be; False at the end."""
        taker = self._taker
        while not self._closed:
            there = taker.go_on()
            credit = taker.credit_due()
            if credit is not None:
                self._ask(credit)
            if there:
                return True
            if taker.over:
                self._close()
                if taker.error is not None:
                    raise taker.error
                return False
            await self._wait()
        return False

    def _ask(self, credit: Credit) -> None:
        if not self._lost and not self._dialogue.over:
            self._dialogue.say(pack_credit(self._dialogue.connection.session.codec, credit))

    async def _wait(self) -> None:
        if self._lost:
            await self._reopen()
        if len(self._taker) or self._taker.over:
            return
        news = self._news = asyncio.get_running_loop().create_future()
        try:
            async with self._channel.time_limit():
                await news
        except builtins.TimeoutError as passed:
            raise self._channel.late() from passed

    async def _reopen(self) -> None:
        """Take the stream up again over a new connection."""
        dialogue = await self._channel.open()
        if not dialogue.shared:
            self._closed = True
            raise ConnectionClosedError(
                f"the connection of this item stream was lost; {dialogue.connection.peer} does not know it",
                peer=dialogue.connection.peer,
            )
        self._dialogue = dialogue
        self._lost = False
        dialogue.streams[self._taker.stream_id] = self
        self._ask(self._taker.renewed())

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    def _fail(self, problem: BaseException) -> None:
        if not self._taker.over:
            self._taker.error = problem
            self._taker.over = True
