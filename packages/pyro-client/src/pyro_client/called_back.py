"""Proxies for objects that a client offers on its own connection; used in the server's process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_client.profile import Profile
from pyro_core.calls import ObjectRef
from pyro_core.errors import ConnectionClosedError, PyroError
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from pyro_client.async_proxy import AsyncProxy
    from pyro_client.proxy import Proxy
    from pyro_core.observing import Observers
    from pyro_core.wire.message import Message

    class Caller(Protocol):
        """The server's side of the connection on which a reference came."""

        def call(
            self,
            object_id: str,
            method: str,
            args: Sequence[Any],
            kwargs: Mapping[str, Any],
            *,
            oneway: bool = False,
            timeout_s: float | None = None,
        ) -> Any: ...

        def begin_call(
            self,
            object_id: str,
            method: str,
            args: Sequence[Any],
            kwargs: Mapping[str, Any],
            on_reply: Callable[[Message | None], object] | None,
        ) -> int: ...

        def result(self, message: Message | None) -> Any: ...

        def give_up(self, seq: int) -> None: ...

        @property
        def is_open(self) -> bool: ...

        @property
        def observers(self) -> Observers | None: ...


def called_back(reference: ObjectRef, caller: Caller) -> Proxy:
    """A blocking proxy for an object of a connected client.

    Args:
        reference: What the client sent.
        caller: Its connection.
    """
    from pyro_client.control import Control
    from pyro_client.proxy import Proxy

    profile = _profile(reference)
    proxy = Proxy.__new__(Proxy)
    channel: Any = CallbackChannel(profile, caller)
    if caller.observers is not None:
        from pyro_client.observed import ObservedCallbackChannel

        profile.observers = caller.observers
        channel = ObservedCallbackChannel(profile, caller)
    proxy.__dict__["_pyro"] = Control(channel)
    return proxy


def async_called_back(reference: ObjectRef, caller: Caller) -> AsyncProxy:
    """An asyncio proxy for an object of a connected client.

    Args:
        reference: What the client sent.
        caller: Its connection.
    """
    from pyro_client.async_proxy import AsyncControl, AsyncProxy

    profile = _profile(reference)
    proxy = AsyncProxy.__new__(AsyncProxy)
    channel: Any = AsyncCallbackChannel(profile, caller)
    if caller.observers is not None:
        from pyro_client.observed import ObservedAsyncCallbackChannel

        profile.observers = caller.observers
        channel = ObservedAsyncCallbackChannel(profile, caller)
    proxy.__dict__["_pyro"] = AsyncControl(channel)
    return proxy


class CallbackChannel:
    """Makes calls over a connection that the other side made, and that cannot be made again.

    Does for a proxy what ``Channel`` does.

    Args:
        profile: How to talk.
        caller: The connection.
    """

    has_given_socket = True
    connection = None

    def __init__(self, profile: Profile, caller: Caller) -> None:
        self.profile = profile
        self._caller = caller

    @property
    def connected(self) -> bool:
        """Whether the client is still there."""
        return self._caller.is_open

    def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
        """Call a method of the object."""
        return self.invoke(method, args, kwargs)

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        max_retries: int | None = None,
    ) -> Any:
        """Call a method of the object; it is not repeated."""
        _require_method(method, object_id)
        oneway = method in self.profile.oneway or bool(flags & _oneway())
        return self._caller.call(
            self.profile.object_id,
            method,
            args,
            kwargs or {},
            oneway=oneway,
            timeout_s=self.profile.timeout_s,
        )

    def pipeline(self) -> None:
        """Futures make their calls one by one here."""

    def bind(self) -> bool:
        """The connection is there, or gone for good.

        Raises:
            ConnectionClosedError: If it is gone.
        """
        if not self.connected:
            raise ConnectionClosedError(
                f"the client that offered {self.profile.object_id} is gone", retry_safe=True
            )
        return False

    def release(self) -> None:
        """The connection is not this proxy's to close."""

    def refresh(self) -> None:
        """Nothing is kept that depends on the profile."""

    def ping(self) -> None:
        """See whether the connection is there. Raises as ``bind`` does."""
        self.bind()


class AsyncCallbackChannel:
    """Does for an asyncio proxy what ``CallbackChannel`` does for a blocking one.

    Args:
        profile: How to talk.
        caller: The connection.
    """

    connection = None
    dialogue = None

    def __init__(self, profile: Profile, caller: Caller) -> None:
        self.profile = profile
        self._caller = caller

    async def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method of the object.

        Raises:
            AttributeError: If it has none of that name.
        """
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
        """Call a method of the object; it is not repeated. Cancelling tells the client so."""
        import asyncio

        _require_method(method, object_id)
        caller, profile = self._caller, self.profile
        if method in profile.oneway or flags & _oneway():
            return caller.call(profile.object_id, method, args, kwargs or {}, oneway=True)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Message | None] = loop.create_future()

        def on_reply(message: Message | None) -> None:
            loop.call_soon_threadsafe(_settle, answer, message)

        seq = caller.begin_call(profile.object_id, method, args, kwargs or {}, on_reply)
        try:
            async with asyncio.timeout(profile.timeout_s):
                message = await answer
        except BaseException:  # cancelled, or too late
            caller.give_up(seq)
            raise
        return caller.result(message)

    async def bind(self) -> bool:
        """The connection is there, or gone for good. Raises ConnectionClosedError if it is gone."""
        if not self._caller.is_open:
            raise ConnectionClosedError(
                f"the client that offered {self.profile.object_id} is gone", retry_safe=True
            )
        return False

    async def release(self) -> None:
        """The connection is not this proxy's to close."""

    async def ping(self) -> None:
        """See whether the connection is there. Raises as ``bind`` does."""
        await self.bind()

    def refresh(self) -> None:
        """Nothing is kept that depends on the profile."""


def _profile(reference: ObjectRef) -> Profile:
    from pyro_core.settings import ClientSettings

    profile = Profile(reference.uri, ClientSettings())
    profile.learn(reference.metadata)
    return profile


def _require_method(method: str, object_id: str | None) -> None:
    if object_id is not None or method in (GET_ATTRIBUTE, SET_ATTRIBUTE):
        raise PyroError("over the connection of a client only methods of the offered object can be called")


def _oneway() -> int:
    from pyro_core.wire.message import ONEWAY

    return ONEWAY


def _settle(answer: Any, message: Message | None) -> None:
    if not answer.done():
        answer.set_result(message)
