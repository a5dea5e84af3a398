"""Batches of calls from asyncio code."""

from collections.abc import Coroutine
from copy import copy
from typing import Any, Literal, Self, overload

from pyro_client.async_channel import AsyncChannel
from pyro_client.async_proxy import AsyncControl
from pyro_client.batches import BatchCall, CallList, Results, checked_results
from pyro_core.names import BATCH_METHOD
from pyro_core.wire.message import BATCH, ONEWAY


class AsyncBatch(CallList):
    """Calls of one object that are sent together; like ``Batch``, for an ``AsyncProxy``.

    ``b.method(1)`` takes down a call and is not awaited. ``for result in await b():`` sends them and gives
    the results; an item stream among them is iterated with ``async for``. ``async with batch(proxy) as b:``
    sends at the end of the block and leaves the iterator in ``b.results``. To go on with something else
    meanwhile, make a task of ``b()``.

    Args:
        control: That of the proxy (``proxy._pyro``).

    Attributes:
        results: Of the last ``async with`` block; None before.
    """

    __slots__ = ("_channel", "_control", "results")

    def __init__(self, control: AsyncControl) -> None:
        super().__init__(control)
        self._control = control
        self._channel = control._channel
        self.results: Results | None = None

    @overload
    def __call__(self, *, oneway: Literal[False] = False) -> Coroutine[Any, Any, Results]: ...
    @overload
    def __call__(self, *, oneway: Literal[True]) -> Coroutine[Any, Any, None]: ...

    def __call__(self, *, oneway: bool = False) -> Coroutine[Any, Any, Results | None]:
        """Send the calls that were taken down so far; what comes later is the next batch.

        Args:
            oneway: Do not wait for them: no result, and no error, ever comes back.

        Returns:
            To be awaited: an iterator of the results; None if ``oneway``.
        """
        send = _send_oneway if oneway else _send
        return send(self._channel, self._take())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        calls = self._take()
        if kind is None:
            self.results = await _send(self._channel, calls)

    def __copy__(self) -> "AsyncBatch":
        twin = AsyncBatch(self._control)
        twin._calls = copy(self._calls)
        return twin


async def _send(channel: AsyncChannel, calls: list[BatchCall]) -> Results:
    results = []
    if calls:
        results = await channel.invoke(BATCH_METHOD, calls, None, flags=BATCH, max_retries=0)
    return Results(channel, checked_results(results, len(calls)))


async def _send_oneway(channel: AsyncChannel, calls: list[BatchCall]) -> None:
    if calls:
        await channel.invoke(BATCH_METHOD, calls, None, flags=BATCH | ONEWAY, max_retries=0)
