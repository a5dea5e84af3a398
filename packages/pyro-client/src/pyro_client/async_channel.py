"""The asyncio side of a proxy: one connection, made when needed, used by one task at a time."""

import asyncio
import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Self

from pyro_client.forks import FORKS
from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection, connect
from pyro_client.plans.resolve import any_of, resolve
from pyro_client.profile import Profile
from pyro_client.retry import delays, repeats
from pyro_client.run_async import AsyncRunner
from pyro_client.streams import CLOSE, NEXT_ITEM, checked_id
from pyro_core.calls import StreamHandle
from pyro_core.errors import (
    CommunicationError,
    RemoteError,
    SerializeError,
    TimeoutError,
)
from pyro_core.names import DAEMON_ID
from pyro_core.outcomes import outcome_for_coroutine
from pyro_core.plans import Plan
from pyro_core.wire.message import CONNECT_OK, ONEWAY, Message


class AsyncChannel:
    """Makes calls for an asyncio proxy: one connection, made when needed, used by one task at a time.

    Args:
        profile: How to talk.
        runner: Carries out the plans.
    """

    def __init__(self, profile: Profile, *, runner: AsyncRunner | None = None) -> None:
        self.profile = profile
        self.runner = runner or AsyncRunner(profile.settings)
        self.connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        FORKS.watch(self)

    async def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method of the object, if it has one of that name.

        Raises:
            AttributeError: If it has none; nothing is sent then.
        """
        if not self.profile.offers(method):
            if not self.profile.metadata:
                await self.bind()
            if not self.profile.offers(method):
                raise self.profile.missing(method)
        return await self.invoke(method, args, kwargs)

    async def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method of any object of the server, connecting and repeating as needed."""
        max_retries = self.profile.max_retries if object_id is None else 0
        waits: Iterator[float] | None = None
        attempt = 0
        while True:
            reused = self.connection is not None
            try:
                async with self._time_limit(self.profile.timeout_s):
                    connection, message = await self._attempt(method, args, kwargs, flags, object_id)
                break
            except builtins.TimeoutError as passed:
                problem: CommunicationError = self._late()
                problem.__cause__ = passed
            except CommunicationError as failed:
                problem = failed
            if not repeats(problem, attempt, max_retries, reused=reused):
                raise problem
            attempt += 1
            if not (reused and problem.retry_safe):
                waits = waits or delays()
                await self.runner.sleep(next(waits))
        if message is None:
            return None
        value = outcome_for_coroutine(connection.serializer, message)
        return AsyncRemoteIterator(self, value) if type(value) is StreamHandle else value

    async def bind(self) -> bool:
        """Connect if there is no connection; tells whether that was needed."""
        try:
            async with self._time_limit(self.profile.timeout_s), self._turn():
                if self._usable() is not None:
                    return False
                await self._connected()
                return True
        except builtins.TimeoutError as passed:
            raise self._late(retry_safe=True) from passed

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        try:
            async with self._time_limit(self.profile.timeout_s), self._turn():
                connection = await self._connected()
                await self._run(invoke.ping(connection))
        except builtins.TimeoutError as passed:
            raise self._late() from passed

    def drop(self) -> None:
        """Close the connection at once."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.link.close()

    def refresh(self) -> None:
        """Nothing is kept that depends on the profile."""

    def after_fork(self) -> None:
        """In the child of a fork: leave the connection, and its event loop, to the parent."""
        self.connection = None
        self._loop = None

    async def _attempt(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> tuple[Connection, Message | None]:
        async with self._turn():
            connection = await self._connected()
            request, oneway = invoke.request_for(
                connection, self.profile, method, args, kwargs, flags, object_id
            )
            message = await self._exchange(connection, request, oneway=oneway)
        if message is not None:
            invoke.announce(self.profile, message)
        return connection, message

    async def _exchange(self, connection: Connection, request: bytes, *, oneway: bool) -> Message | None:
        """One send and, nearly always, one receive; beside the plan because that is most of the cost."""
        try:
            await connection.link.send(request)
            if oneway:
                return None
            message = connection.session.reply_from(await connection.link.receive())
            if message is None:
                return await self.runner.run(invoke.answer(connection))
            return invoke.check(connection, message)
        except BaseException:  # cancellation too: the answer may still come, and would confuse the next call
            self.drop()
            raise

    async def _run(self, plan: Plan[None]) -> None:
        try:
            await self.runner.run(plan)
        except BaseException:  # as in _exchange
            self.drop()
            raise

    def _usable(self) -> Connection | None:
        """The connection, if it is there and of this event loop."""
        connection = self.connection
        if connection is not None and connection.link.ended:
            self.drop()
            return None
        return connection

    async def _connected(self) -> Connection:
        connection = self._usable()
        if connection is not None:
            return connection
        profile = self.profile
        try:
            async with self._time_limit(profile.settings.timeouts.connect_s):
                connection = await self.runner.run(self._establish())
        except builtins.TimeoutError as passed:
            raise self._late(retry_safe=True) from passed
        self.connection = connection
        profile.resolved_uri = connection.uri
        profile.learn(connection.metadata)
        if profile.on_response is not None:
            profile.on_response(connection.response_annotations, CONNECT_OK)
        return connection

    def _establish(self) -> Plan[Connection]:
        address = yield from resolve(self.profile.uri, self.profile, any_of)
        return (yield from connect(address, self.profile))

    def _turn(self) -> asyncio.Lock:
        """The lock of the running event loop; what belonged to another loop is left behind."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._lock = asyncio.Lock()
            self.connection = None
        return self._lock

    def _time_limit(self, seconds: float | None) -> Any:
        return nullcontext() if seconds is None else asyncio.timeout(seconds)

    def _late(self, *, retry_safe: bool = False) -> TimeoutError:
        outcome = "nothing was sent" if retry_safe else "the call may have been executed, or still run"
        return TimeoutError(
            f"timeout: no complete answer from {self.profile.uri} before the deadline; {outcome}",
            peer=str(self.profile.uri.location),
            retry_safe=retry_safe,
        )


class AsyncRemoteIterator:
    """Iterates over what a remote generator yields, with ``async for``; each item is one call.

    Args:
        channel: Makes the calls.
        handle: What the server called the stream.
    """

    def __init__(self, channel: AsyncChannel, handle: StreamHandle) -> None:
        self._channel = channel
        self._stream_id: str | None = checked_id(handle)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._stream_id is None:
            raise StopAsyncIteration
        try:
            return await self._channel.invoke(NEXT_ITEM, (self._stream_id,), {}, object_id=DAEMON_ID)
        except (CommunicationError, SerializeError):
            raise  # the stream itself is unharmed
        except RemoteError as problem:
            self._stream_id = None
            if isinstance(problem.__cause__, StopIteration):
                raise StopAsyncIteration from None
            raise
        except Exception:  # what the remote generator raised; it is gone there
            self._stream_id = None
            raise

    async def aclose(self) -> None:
        """Tell the server that no more items are wanted. May be called more than once."""
        stream_id, self._stream_id = self._stream_id, None
        if stream_id is not None and self._channel.connection is not None:
            await self._channel.invoke(CLOSE, (stream_id,), {}, flags=ONEWAY, object_id=DAEMON_ID)
