"""Channels that tell observers what goes on (see ``pyro_core.observing``); only made where there are some.

Their calls take the longer way. What the channel does is told by what it calls: the dialogue knows messages
and connections, the exports know the calls of a server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyro_client.async_channel import AsyncChannel
from pyro_client.async_dialogue import AsyncDialogue
from pyro_client.async_exports import AsyncExports
from pyro_client.called_back import AsyncCallbackChannel, CallbackChannel
from pyro_client.channel import Channel
from pyro_client.dialogue import Dialogue
from pyro_client.direct import Direct
from pyro_client.exports import Exports
from pyro_core.context import (
    CallContext,
    Outgoing,
    enter_outgoing,
    leave_outgoing,
    request_extras,
    sending,
)
from pyro_core.errors import PyroError
from pyro_core.observing import ObservedCall, Observers, message_bytes, size_of
from pyro_core.wire.message import EXCEPTION, NO_ANNOTATIONS, ONEWAY, STREAM, Message

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from contextvars import Token

    from pyro_client.exports import Speaker
    from pyro_client.plans.connect import Connection
    from pyro_client.plans.invoke import Extras
    from pyro_client.profile import Profile


class _Noted(Outgoing):
    """What goes along with the attempts of one observed call.

    Attributes:
        call: The call.
        may_go_on: ``Channel.invoke`` may be about this call, too; else it is about another one.
    """

    __slots__ = ("call", "may_go_on")

    def __init__(self, call: ObservedCall, outer: Outgoing | None, may_go_on: bool) -> None:
        before = NO_ANNOTATIONS if outer is None else outer.annotations
        super().__init__({**before, **call.annotations_out}, None if outer is None else outer.correlation_id)
        self.call = call
        self.may_go_on = may_go_on


class Making:
    """Surrounds the making of one call. The arguments are those of ``Channel.invoke``."""

    __slots__ = ("_may_go_on", "_observers", "_outer", "_token", "call")

    def __init__(
        self,
        profile: Profile,
        method: str,
        args: Sequence[Any],
        flags: int = 0,
        object_id: str | None = None,
        *,
        may_go_on: bool = False,
    ) -> None:
        self._may_go_on = may_go_on
        assert profile.observers is not None
        self._observers: Observers = profile.observers
        self._outer: Outgoing | None = None
        self._token: Token[Outgoing | None] | None = None
        if object_id is None and method in profile.oneway:
            flags |= ONEWAY
        self.call = call = ObservedCall("client", flags)
        call.aims_at(profile.object_id if object_id is None else object_id, method, args)
        call.known = True
        call.peer = (profile.resolved_uri or profile.uri).location or ""

    def __enter__(self) -> ObservedCall:
        call = self.call
        self._observers.begin(call)
        outer = sending()
        self._outer = None if type(outer) is _Noted else outer  # that would be of a call that waits
        self._token = enter_outgoing(_Noted(call, self._outer, self._may_go_on))
        return call

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        call, block = self.call, sending()
        assert self._token is not None
        leave_outgoing(self._token)
        if block is not None:
            call.annotations_in = block.response_annotations
            if self._outer is not None:
                self._outer.response_annotations = block.response_annotations
        at_end = call.kind == "item" and isinstance(
            getattr(error, "__cause__", None) or error, StopIteration | StopAsyncIteration
        )
        if error is not None and not at_end:
            call.error = error
        self._observers.end(call)


def _note_request(connection: Connection, payload: Any, flags: int, extras: Extras) -> ObservedCall | None:
    """Note what is about to be sent; gives the call that it belongs to."""
    block = sending()
    if type(block) is not _Noted:
        return None
    call = block.call
    annotations, call.correlation_id = extras
    call.annotations_out = {**annotations}
    call.peer = connection.peer
    call.serializer = connection.serializer.name
    call.bytes_out = message_bytes(connection.version, payload, annotations)
    if flags & ONEWAY and call.kind == "call":
        call.kind = "oneway"
    return call


def _note_answer(call: ObservedCall | None, message: Message | None) -> None:
    if call is not None and message is not None:
        call.bytes_in = size_of(message)
        call.streams = bool(message.flags & STREAM)


class ObservedDirect(Direct):
    """The short way of an observed call."""

    __slots__ = ()

    def exchange(self, payload: bytes, flags: int, started: float) -> Message | None:
        """As usual."""
        call = _note_request(self._connection, payload, flags, request_extras())
        message = super().exchange(payload, flags, started)
        _note_answer(call, message)
        return message


class ObservedDialogue(Dialogue):
    """A dialogue whose exchanges are noted."""

    __slots__ = ()

    def exchange(self, payload: Any, flags: int, extras: Extras, *more: Any, **options: Any) -> Any:
        """As usual."""
        call = _note_request(self.connection, payload, flags, extras)
        message = super().exchange(payload, flags, extras, *more, **options)
        _note_answer(call, message)
        return message


class ObservedAsyncDialogue(AsyncDialogue):
    """A dialogue whose exchanges are noted."""

    async def exchange(self, payload: Any, flags: int, extras: Extras, *more: Any, **options: Any) -> Any:
        """As usual."""
        call = _note_request(self.connection, payload, flags, extras)
        message = await super().exchange(payload, flags, extras, *more, **options)
        _note_answer(call, message)
        return message


class _Told(Exports):
    """Exports whose calls are told."""

    observers: Observers

    def _watch(self, observers: Observers) -> None:
        self.observers = observers
        self._observed: dict[tuple[int, int], tuple[Any, ObservedCall]] = {}

    def find(self, dialogue: Speaker, message: Message) -> tuple[Any, Any, CallContext]:
        """What a call of the server is for; it begins now."""
        function, decoded, context = super().find(dialogue, message)
        call = ObservedCall("server", message.flags)
        call.aims_at(decoded.object_id, decoded.method, decoded.args)
        call.known = True
        call.peer, call.serializer = context.client_address, context.serializer
        call.annotations_in, call.correlation_id = message.annotations, message.correlation_id
        call.bytes_in = size_of(message)
        self._observed[id(dialogue), message.seq] = decoded, call
        self.observers.begin(call)
        return function, decoded, context

    def failed(self, call: Any, error: BaseException) -> None:
        """A call of the server raised."""
        for decoded, observed in list(self._observed.values()):
            if decoded is call:
                observed.error = error
        super().failed(call, error)

    def finish(self, dialogue: Speaker, message: Message) -> None:
        """A call of the server is over."""
        super().finish(dialogue, message)
        _, call = self._observed.pop((id(dialogue), message.seq), (None, None))
        if call is not None:
            self.observers.end(call)


class ObservedExports(_Told):
    """What a proxy offers to its server, told to observers.

    Args:
        observers: The observers.
    """

    def __init__(self, observers: Observers) -> None:
        super().__init__()
        self._watch(observers)


class ObservedAsyncExports(_Told, AsyncExports):
    """The same for an asyncio proxy.

    Args:
        observers: The observers.
        loop: The event loop.
    """

    def __init__(self, observers: Observers, loop: AbstractEventLoop) -> None:
        AsyncExports.__init__(self, loop)
        self._watch(observers)


class ObservedChannel(Channel):
    """A channel of a blocking proxy that is observed."""

    _dialogue_type = ObservedDialogue

    def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
        """Call a method of the object."""
        if self._ready is None:
            return self.invoke(method, args, kwargs)
        with Making(self.profile, method, args, may_go_on=True):
            return super().call(method, args, kwargs)

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        **more: Any,
    ) -> Any:
        """Call a method of any object of the server."""
        block = sending()
        if type(block) is _Noted and block.may_go_on:
            block.may_go_on = False
            return super().invoke(method, args, kwargs, flags=flags, object_id=object_id, **more)
        with Making(self.profile, method, args, flags, object_id):
            return super().invoke(method, args, kwargs, flags=flags, object_id=object_id, **more)

    def pipeline(self) -> None:
        """Futures make their calls one by one."""

    def answer(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        **more: Any,
    ) -> Message | None:
        """The message that answers a call, its payload not decoded."""
        with Making(self.profile, method, args, flags, object_id) as call:
            message = super().answer(method, args, kwargs, flags=flags, object_id=object_id, **more)
            if message is not None and message.flags & EXCEPTION and not message.flags & STREAM:
                call.error = PyroError("the server answered with an error, which was not decoded here")
            return message

    def _become_ready(self, dialogue: Dialogue) -> None:
        super()._become_ready(dialogue)
        self._shortest = None  # it comes by nobody who tells
        if type(self._ready) is Direct:
            self._ready = ObservedDirect(dialogue, self.profile, self._clock)

    def abandon(self) -> None:
        """Let go of the connection without waiting for anything."""
        dialogue = self.dialogue
        super().abandon()
        if dialogue is not None:
            self._lost(dialogue.connection)

    def _take(self, connection: Connection) -> Dialogue:
        dialogue = super()._take(connection)
        assert self.profile.observers is not None
        self.profile.observers.connection_made("client", connection)
        return dialogue

    def _ended(self, dialogue: Dialogue) -> None:
        super()._ended(dialogue)
        self._lost(dialogue.connection)

    def _lost(self, connection: Connection) -> None:
        if self.profile.observers is not None:
            self.profile.observers.connection_lost("client", connection, accepted=True)

    def _own_exports(self, dialogue: Dialogue) -> Exports:
        if self.offered is None and self.profile.observers is not None:
            self.offered = ObservedExports(self.profile.observers)
        return super()._own_exports(dialogue)


class ObservedAsyncChannel(AsyncChannel):
    """A channel of an asyncio proxy that is observed."""

    _dialogue_type = ObservedAsyncDialogue

    async def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method of the object, if it has one of that name."""
        self._begin = None  # the short way comes by nobody who tells
        return await super().call(method, args, kwargs)

    async def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        **more: Any,
    ) -> Any:
        """Call a method of any object of the server."""
        with Making(self.profile, method, args, flags, object_id):
            return await super().invoke(method, args, kwargs, flags=flags, object_id=object_id, **more)

    def _take(self, connection: Connection) -> AsyncDialogue:
        dialogue = super()._take(connection)
        assert self.profile.observers is not None
        self.profile.observers.connection_made("client", connection)
        return dialogue

    def _ended(self, dialogue: AsyncDialogue) -> None:
        super()._ended(dialogue)
        if self.profile.observers is not None:
            self.profile.observers.connection_lost("client", dialogue.connection, accepted=True)

    def _own_exports(self, dialogue: AsyncDialogue) -> AsyncExports:
        if self.offered is None and self.profile.observers is not None:
            self.offered = ObservedAsyncExports(self.profile.observers, dialogue.loop)
        return super()._own_exports(dialogue)


class ObservedCallbackChannel(CallbackChannel):
    """A channel over a client's connection that is observed."""

    def invoke(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None, **more: Any) -> Any:
        """Call a method of the object."""
        with Making(self.profile, method, args, more.get("flags", 0)):
            return super().invoke(method, args, kwargs, **more)


class ObservedAsyncCallbackChannel(AsyncCallbackChannel):
    """The same for asyncio."""

    async def invoke(
        self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None, **more: Any
    ) -> Any:
        """Call a method of the object."""
        with Making(self.profile, method, args, more.get("flags", 0)):
            return await super().invoke(method, args, kwargs, **more)
