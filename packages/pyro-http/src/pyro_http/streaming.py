"""Streams to HTTP clients: server-sent events and WebSockets, no faster than the client takes them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyro_http.json_values import dump
from pyro_http.problems import Problem

MEDIA_TYPE: Final = "text/event-stream"
_BEAT: Final = b": nothing happens\n\n"

OnEnd = Callable[[], object]


class OpenStreams:
    """Counts the streams that are open.

    Args:
        limit: How many may be.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0

    def begin(self) -> None:
        """One more.

        Raises:
            Problem: If there are too many.
        """
        if self.count >= self._limit:
            raise Problem("overloaded", f"{self._limit} streams are open", headers={"Retry-After": "5"})
        self.count += 1

    def end(self) -> None:
        """One less."""
        self.count -= 1

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count one while it is open. Raises as ``begin``."""
        self.begin()
        try:
            yield
        finally:
            self.end()


def is_stream(value: Any) -> bool:
    """Whether a call has returned an item stream."""
    return hasattr(type(value), "__anext__")


def event(kind: str, document: Any, number: int | None = None) -> bytes:
    """One server-sent event.

    Args:
        kind: Its name.
        document: Its data, of plain JSON values.
        number: Its id; None for none.
    """
    identity = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (identity, kind.encode("ascii"), dump(document))


class EventStream(Response):
    """An answer of server-sent events; ends its source when the client goes away.

    Args:
        source: Gives events; closed at the end.
        heartbeat_s: Silence after which a comment is sent.
        ending: Set when the gateway stops.
        on_end: Called at the end.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        source: AsyncIterator[bytes],
        heartbeat_s: float,
        ending: asyncio.Event,
        on_end: OnEnd = lambda: None,
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.headers["x-accel-buffering"] = "no"  # asks proxies such as nginx to pass on each event at once
        self._source = source
        self._heartbeat_s = heartbeat_s
        self._ending = ending
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until there are no more, or nobody is there to read them."""

        async def say(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await pass_on(self._source, say, self._gone(receive), self._heartbeat_s, lambda: say(_BEAT))
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            return  # what servers raise when the client is gone
        finally:
            self._on_end()

    async def _gone(self, receive: Receive) -> None:
        await first_of(disconnected(receive), self._ending.wait())


async def disconnected(receive: Receive) -> None:
    """Until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def first_of(*waiting: Coroutine[Any, Any, Any]) -> None:
    """Until one of several things has happened; the others are not waited for any more."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def pass_on(
    source: AsyncIterator[Any],
    say: Callable[[Any], Awaitable[None]],
    gone: Coroutine[Any, Any, None],
    heartbeat_s: float | None = None,
    beat: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Say all that a source gives, until it ends or the listener is gone; then the source is closed.

    Args:
        source: Gives what to say.
        say: Waits for a slow listener, and so does the source.
        gone: Ends when the listener is gone.
        heartbeat_s: Silence after which ``beat`` is called; None for never.
        beat: Shows the listener that all is well.
    """
    leaving = asyncio.ensure_future(gone)
    following: asyncio.Future[Any] | None = None
    try:
        while True:
            if following is None:
                following = asyncio.ensure_future(_next(source))
            done, _ = await asyncio.wait(
                {following, leaving}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
            if leaving in done:
                return
            if following not in done:
                if beat is not None:
                    await beat()
                continue
            chunk, following = following.result(), None
            if chunk is _END:
                return
            await say(chunk)
    finally:
        for task in (leaving, following):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await asyncio.shield(_closed(source))


_END: Final = object()


async def _next(source: AsyncIterator[Any]) -> Any:
    try:
        return await anext(source)
    except StopAsyncIteration:
        return _END


async def _closed(source: Any) -> None:
    await source.aclose()
