"""The asyncio side of a proxy: one connection, made when needed, used by any number of tasks."""

import asyncio
import builtins
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from time import monotonic
from typing import Any, Self

from pyro_client.async_dialogue import AsyncDialogue
from pyro_client.async_exports import AsyncExports
from pyro_client.async_pushed import AsyncPushedItems
from pyro_client.async_shortest import Begin, beginner
from pyro_client.forks import FORKS
from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection, cannot_call_back
from pyro_client.plans.resolve import any_of, reach
from pyro_client.prepare import prepared
from pyro_client.profile import Profile
from pyro_client.repetition import Repetition, Repetitions
from pyro_client.run_async import AsyncRunner
from pyro_client.streams import CLOSE, checked_id
from pyro_client.transfers import watch
from pyro_core.calls import StreamHandle
from pyro_core.context import sending, serving
from pyro_core.delivery import delivered
from pyro_core.errors import (
    EXECUTED,
    CommunicationError,
    ConnectionClosedError,
    RemoteError,
    SerializeError,
    TimeoutError,
)
from pyro_core.events import ClientEvent
from pyro_core.features import CALLBACK, STREAM
from pyro_core.names import DAEMON_ID, NEXT_ITEM
from pyro_core.outcomes import outcome_for_coroutine
from pyro_core.wire.message import CONNECT_OK, NO_ANNOTATIONS, ONEWAY, Message


class AsyncChannel:
    """Makes calls for an asyncio proxy.

    Args:
        profile: How to talk.
        runner: Carries out the plans.

    Attributes:
        offered: What the server may call and take; None if there has been nothing of that.
    """

    _dialogue_type: type[AsyncDialogue] = AsyncDialogue

    def __init__(self, profile: Profile, *, runner: AsyncRunner | None = None) -> None:
        self.profile = profile
        self.runner = runner or AsyncRunner(profile.settings)
        self.dialogue: AsyncDialogue | None = None
        self._connecting = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.offered: AsyncExports | None = None
        self._repetitions = Repetitions(profile)
        self._begin: Begin | None = None  # the shortest way, where there is one
        FORKS.watch(self)

    @property
    def connection(self) -> Connection | None:
        """The open connection; None if there is none."""
        dialogue = self.dialogue
        return None if dialogue is None else dialogue.connection

    async def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method of the object, if it has one of that name.

        Raises:
            AttributeError: If it has none; nothing is sent then.
        """
        begun = None if self._begin is None else self._begin(method, args, kwargs)
        if begun is not None:
            seq, answer = begun
            dialogue = self.dialogue
            assert dialogue is not None
            try:
                found = await answer
            except asyncio.CancelledError as cancelled:
                dialogue.give_up(seq, cancelled)
                raise
            if type(found) is bytes:
                block = sending()
                if block is not None:
                    block.response_annotations = NO_ANNOTATIONS
                try:
                    return dialogue.connection.serializer.decode_value(found)
                except SerializeError as problem:
                    delivered(problem, EXECUTED)
                    raise
            invoke.announce(self.profile, invoke.checked(dialogue, found))
            return self._result(dialogue, found)
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
        max_retries: int | None = None,
    ) -> Any:
        """Call a method of any object of the server, connecting and repeating as needed."""
        if max_retries is None and object_id is not None:
            max_retries = 0
        repetition = self._repetitions.begin(method, max_retries)
        try:
            while True:
                reused = self.dialogue is not None and self.profile.reopens
                timeout_s = self._timeout_s()
                try:
                    async with self.time_limit(timeout_s):
                        dialogue, message = await self._attempt(
                            method, args, kwargs, flags, object_id, timeout_s, repetition
                        )
                    wait_s = None if repetition.is_over(message) else repetition.later()
                    if wait_s is None:
                        break
                except (builtins.TimeoutError, CommunicationError) as failed:
                    problem = self._explained(failed)
                    wait_s = repetition.again(problem, reused=reused)
                    if wait_s is None:
                        raise problem from problem.__cause__
                if wait_s:
                    await self.runner.sleep(wait_s)
        finally:
            repetition.end()
        return None if message is None else self._result(dialogue, message)

    async def bind(self) -> bool:
        """Connect if there is no connection; tells whether that was needed."""
        before = self._usable()
        return await self.open() is not before

    async def open(self) -> AsyncDialogue:
        """The dialogue on the connection, made if need be."""
        try:
            async with self.time_limit(self._timeout_s()):
                return await self._opened()
        except builtins.TimeoutError as passed:
            raise self.late(retry_safe=True) from passed

    async def ping(self) -> None:
        """Ask the server for a sign of life."""
        try:
            async with self.time_limit(self._timeout_s()):
                dialogue = await self._opened()
                try:
                    await dialogue.ping()
                except BaseException as problem:  # cancellation too: the pong may still come
                    dialogue.end(problem)
                    raise
        except builtins.TimeoutError as passed:
            raise self.late() from passed

    async def release(self) -> None:
        """Close the connection. The next call makes a new one.

        Calls of other tasks that are under way are let finish if the server allows one at a time.
        """
        dialogue = self._usable()
        if dialogue is None:
            return
        async with nullcontext() if dialogue.shared else dialogue.turn:
            self.drop()

    def drop(self) -> None:
        """Close the connection at once."""
        if self.dialogue is not None:
            self.dialogue.end(ConnectionClosedError("the proxy was released", retry_safe=True))

    def refresh(self) -> None:
        """Notice that the profile has changed."""
        self._begin = None

    def after_fork(self) -> None:
        """In the child of a fork: leave the connection, and its event loop, to the parent."""
        self.dialogue = None
        self._loop = self.offered = self._begin = None
        self._repetitions.after_fork()

    async def exports(self) -> AsyncExports:
        """What this client offers to its server over the connection.

        Raises:
            PyroError: If the server cannot call back on this connection.
        """
        dialogue = await self.open()
        if CALLBACK not in dialogue.connection.features:
            raise cannot_call_back(dialogue.connection)
        return self._own_exports(dialogue)

    def open_stream(self, handle: StreamHandle) -> Any:
        """An asynchronous iterator for an item stream that a call returned."""
        dialogue = self.dialogue
        return AsyncRemoteIterator(self, handle) if dialogue is None else self._stream(dialogue, handle)

    def time_limit(self, seconds: float | None = None) -> Any:
        """A context that ends what takes too long; None for as long as a call may take now."""
        limit_s = self._timeout_s() if seconds is None else seconds
        return nullcontext() if limit_s is None else asyncio.timeout(limit_s)

    async def _attempt(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        timeout_s: float | None,
        repetition: Repetition,
    ) -> tuple[AsyncDialogue, Message | None]:
        deadline = None if timeout_s is None else monotonic() + timeout_s
        dialogue = await self._opened()
        if self.profile.on_transfer is not None or dialogue.watch is not None:
            watch(dialogue, self.profile.on_transfer)
        call = prepared(
            dialogue.connection,
            self.profile,
            lambda: self._own_exports(dialogue),
            method,
            args,
            kwargs,
            flags,
            object_id,
        )
        repetition.mark(dialogue.connection, call)
        compress = self.profile.settings.compression
        message = await dialogue.exchange(call.payload, call.flags, call.extras, deadline, compress=compress)
        if self._begin is None and self.dialogue is dialogue:
            self._begin = beginner(dialogue, self.profile)
        if message is not None:
            invoke.announce(self.profile, message)
        return dialogue, message

    def _result(self, dialogue: AsyncDialogue, message: Message) -> Any:
        value = outcome_for_coroutine(dialogue.connection.serializer, message)
        return self._stream(dialogue, value) if type(value) is StreamHandle else value

    def _stream(self, dialogue: AsyncDialogue, handle: StreamHandle) -> Any:
        if STREAM in dialogue.connection.features and handle.stream_id is not None:
            return AsyncPushedItems(self, dialogue, handle.stream_id)
        return AsyncRemoteIterator(self, handle)

    def _usable(self) -> AsyncDialogue | None:
        """The dialogue, if there is one of this event loop; that of another loop is left behind."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._connecting = asyncio.Lock()
            self.dialogue = self.offered = self._begin = None
        return self.dialogue

    async def _opened(self) -> AsyncDialogue:
        """The dialogue on the connection, made if need be."""
        dialogue = self._usable()
        if dialogue is not None:
            return dialogue
        async with self._connecting:
            if self.dialogue is not None:
                return self.dialogue
            profile = self.profile
            connect_s = profile.settings.timeouts.connect_s
            connection = await self.runner.run(reach(profile.uri, profile, any_of), connect_s)
            dialogue = self._take(connection)
        if profile.on_response is not None:
            profile.on_response(connection.response_annotations, CONNECT_OK)
        return dialogue

    def _take(self, connection: Connection) -> AsyncDialogue:
        dialogue = self.dialogue = self._dialogue_type(connection, self._heard, self._ended)
        self.profile.resolved_uri = connection.uri
        self.profile.learn(connection.metadata)
        return dialogue

    def _heard(self, dialogue: AsyncDialogue, event: ClientEvent) -> None:
        """The server says something by itself."""
        self._own_exports(dialogue).take(dialogue, event)

    def _ended(self, dialogue: AsyncDialogue) -> None:
        """A connection cannot be used any more."""
        if self.dialogue is dialogue:
            self.dialogue = self._begin = None

    def _own_exports(self, dialogue: AsyncDialogue) -> AsyncExports:
        if self.offered is None:
            self.offered = AsyncExports(dialogue.loop)
        return self.offered

    def _timeout_s(self) -> float | None:
        """How long a call that begins now may take, in seconds; no longer than the call being served has."""
        timeout_s = self.profile.timeout_s
        call = serving()
        left_s = None if call is None else call.remaining_s
        if left_s is not None and (timeout_s is None or left_s < timeout_s):
            return left_s
        return timeout_s

    def _explained(self, failed: builtins.TimeoutError | CommunicationError) -> CommunicationError:
        if isinstance(failed, CommunicationError):
            return failed
        late = self.late()
        late.__cause__ = failed
        return late

    def late(self, *, retry_safe: bool = False) -> TimeoutError:
        """The error for a deadline that passed."""
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
        if stream_id is not None and self._channel.dialogue is not None:
            await self._channel.invoke(CLOSE, (stream_id,), {}, flags=ONEWAY, object_id=DAEMON_ID)
