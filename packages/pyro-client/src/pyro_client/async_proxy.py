"""The asyncio proxy: remote methods are awaited."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from pyro_client.async_channel import AsyncChannel
from pyro_client.async_member import AsyncMember
from pyro_client.async_remote_method import AsyncRemoteMethod
from pyro_client.plans.connect import Connection
from pyro_client.profile import Profile
from pyro_client.profile_control import ProfileControl, not_looked_up
from pyro_client.remote_members import describe_async
from pyro_client.retry import DEFAULT_TRIES, delays
from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.descriptions import ClassDescription
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    NamingError,
)
from pyro_core.metadata import Metadata
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_client.async_batches import AsyncBatch
    from pyro_core.observing import Observer

_OWN: Final = "_pyro"


class AsyncControl(ProfileControl):
    """Controls one ``AsyncProxy``; found at ``proxy._pyro``.

    Args:
        channel: Makes the calls.
    """

    __slots__ = ("_channel",)

    def __init__(self, channel: AsyncChannel) -> None:
        super().__init__(channel.profile, channel.refresh)
        self._channel = channel

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking the server."""
        return self._channel.connection is not None

    @property
    def connection(self) -> Connection | None:
        """The open connection with its protocol version, greeting and socket (``connection.link.sock``)."""
        return self._channel.connection

    @property
    def version(self) -> int | None:
        """Protocol version of the server; None while there is no connection."""
        connection = self._channel.connection
        return None if connection is None else connection.version

    async def bind(self) -> bool:
        """Look up the name and connect now; True if a connection was made, False if there was one."""
        return await self._channel.bind()

    async def release(self) -> None:
        """Close the connection. The next call makes a new one."""
        await self._channel.release()

    async def reconnect(
        self, tries: int = DEFAULT_TRIES, *, first_wait_s: float = 0.1, longest_wait_s: float = 10.0
    ) -> None:
        """Close the connection and make a new one, however long the server takes to come back.

        Args:
            tries: How often to try.
            first_wait_s: Seconds between the first two attempts; it doubles from then on.
            longest_wait_s: Longest wait between two attempts, in seconds.

        Raises:
            ConnectionClosedError: If no attempt succeeded.
        """
        await self.release()
        waits = delays(first_wait_s, longest_wait_s)
        for attempt in range(1, tries + 1):
            try:
                await self._channel.bind()
            except (CommunicationError, NamingError) as problem:
                if attempt == tries:
                    raise ConnectionClosedError(
                        f"failed to reconnect to {self.uri} in {tries} attempts; the last one: {problem}",
                        retry_safe=True,
                    ) from problem
                await self._channel.runner.sleep(next(waits))
            else:
                return

    async def offer(self, target: Any, expose: Sequence[str] = ()) -> ObjectRef:
        """Let the server call an object of this program, over the connection of this proxy.

        Its methods run on this event loop; arguments and errors as for ``Control.offer``.
        """
        return (await self._channel.exports()).offer(target, expose)

    def withdraw(self, reference: ObjectRef) -> None:
        """Take back what ``offer`` gave: the object can be called no more. An unknown one is no error."""
        if self._channel.offered is not None:
            self._channel.offered.withdraw(reference)

    async def describe(self) -> ClassDescription:
        """Signatures and docs of the remote object's members, asked for once; empty for a stock server.

        From then on ``inspect.signature(proxy.method)`` and ``help(proxy.method)`` have them.
        """
        return await describe_async(self._channel)

    async def ping(self) -> None:
        """Ask the server for a sign of life, connecting if need be."""
        await self._channel.ping()

    async def invoke(
        self,
        method: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method by name, without looking at the metadata; arguments as for ``Control.invoke``."""
        return await self._channel.invoke(method, args, kwargs or {}, flags=flags, object_id=object_id)

    def batch(self) -> "AsyncBatch":
        """An empty batch of calls; the same as ``pyro_client.batch(proxy)``."""
        from pyro_client.async_batches import AsyncBatch

        return AsyncBatch(self)

    async def get(self, name: str) -> Any:
        """Read a remote attribute.

        Raises:
            AttributeError: If it is not exposed.
        """
        return await self._channel.invoke(GET_ATTRIBUTE, (name,), None)

    async def set(self, name: str, value: Any) -> None:
        """Write a remote attribute.

        Raises:
            AttributeError: If it is not exposed, or cannot be written.
        """
        await self._channel.invoke(SET_ATTRIBUTE, (name, value), None)


class AsyncProxy:
    """Calls the methods of a remote object from asyncio code: ``await proxy.method(...)``.

    Tasks may share one. ``async with AsyncProxy(...) as proxy:`` closes the connection at the end. Cancelling
    a task, or ``asyncio.timeout``, gives up on its call. Attributes are read with ``await proxy.name`` and
    written with ``await proxy._pyro.set("name", value)``.

    ``await proxy[key]``, ``async for item in proxy`` and ``await proxy()`` work where the remote class
    exposes the methods behind them; for others there is ``await proxy._pyro.invoke("__len__")``.

    Args:
        uri: ``PYRO:object@host:port``, ``PYRONAME:name`` or ``PYROMETA:tag,tag``.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received beside the plain types. If they do not say what to make
            of a received reference to a remote object, it becomes an ``AsyncProxy``.
        observers: Who is told what happens: ``pyro_core.observing.Observer`` objects, and names of plugins;
            None for those that the settings name.

    Raises:
        PyroError: If the URI cannot be understood.
        SettingsError: If the environment has a value that cannot be used.
    """

    _pyro: AsyncControl

    def __init__(
        self,
        uri: str | URI,
        *,
        settings: ClientSettings | None = None,
        rules: ClassRules | None = None,
        observers: "Iterable[str | Observer] | None" = None,
    ) -> None:
        profile = _profile(URI(uri), settings, rules)
        profile.take_token()
        if observers is not None:
            profile.observe(observers)
        self._pyro_assemble(profile)

    def _pyro_assemble(self, profile: Profile) -> None:
        kind = AsyncChannel
        if profile.observers is not None:
            from pyro_client.observed import ObservedAsyncChannel

            kind = ObservedAsyncChannel
        self.__dict__[_OWN] = AsyncControl(kind(profile))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and not name.startswith("__"):  # _pyro among them, while it is not there yet
            raise not_looked_up(name)
        control = self._pyro
        offered = control._profile.offers(name)
        if name.startswith("_") and not offered:
            raise not_looked_up(name)
        if offered:
            method = self.__dict__[name] = AsyncRemoteMethod(control._channel, name)
            return method
        known = control.metadata
        if known and name not in known.attrs:
            raise control._profile.missing(name)
        return AsyncMember(control, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith(_OWN):
            raise AttributeError(
                f"cannot set {name!r}: use 'await proxy._pyro.set({name!r}, value)'",
                name=name,
            )
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"remote attributes cannot be deleted, not even {name!r}", name=name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pyro.release()

    def __dir__(self) -> list[str]:
        known = self._pyro.metadata
        return sorted({*object.__dir__(self), *known.methods, *known.attrs})

    def __repr__(self) -> str:
        state = self._pyro._state()
        return f"<{type(self).__module__}.{type(self).__qualname__} for {self._pyro.uri}; {state}>"

    def __eq__(self, other: object) -> bool:
        return self._pyro.uri == other._pyro.uri if isinstance(other, AsyncProxy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pyro.uri)

    def __copy__(self) -> Self:
        channel = self._pyro._channel
        if not isinstance(channel, AsyncChannel):
            raise TypeError("a proxy on the connection of a client cannot be copied: there is only that one")
        twin = type(self).__new__(type(self))
        twin._pyro_assemble(channel.profile.copy())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        profile = self._pyro._profile
        known = profile.metadata
        members = (sorted(profile.oneway), sorted(known.methods), sorted(known.attrs))
        serializer = profile.chosen_serializer
        return _restored, (type(self), str(profile.uri), *members, profile.handshake, serializer)

    def __pyro_ref__(self) -> ObjectRef:
        return self._pyro._profile.reference()

    def __bool__(self) -> bool:
        return True

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await self._pyro_special("__call__", args, kwargs)

    async def __getitem__(self, key: Any) -> Any:
        return await self._pyro_special("__getitem__", (key,))

    async def __aiter__(self) -> AsyncIterator[Any]:
        if not await self._pyro_has("__iter__") and await self._pyro_has("__getitem__"):
            number = 0
            while True:
                try:
                    item = await self[number]
                except IndexError:
                    return
                yield item
                number += 1
        items = await self._pyro_special("__iter__")
        if not hasattr(items, "__aiter__"):
            for item in items:
                yield item
            return
        try:
            async for item in items:
                yield item
        finally:
            await items.aclose()

    def __iter__(self) -> NoReturn:
        raise TypeError("an AsyncProxy is iterated with 'async for item in proxy'")

    def __len__(self) -> NoReturn:
        raise _not_awaited("'__len__'")

    def __contains__(self, item: Any) -> NoReturn:
        raise _not_awaited("'__contains__', (item,)")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise _not_awaited("'__setitem__', (key, value)")

    def __delitem__(self, key: Any) -> NoReturn:
        raise _not_awaited("'__delitem__', (key,)")

    async def _pyro_has(self, name: str) -> bool:
        if not self._pyro.metadata:
            await self._pyro.bind()
        return self._pyro._profile.offers(name)

    async def _pyro_special(
        self, name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if not await self._pyro_has(name):
            raise TypeError(f"remote object '{self._pyro.uri}' does not expose {name}, which this needs")
        return await self._pyro.invoke(name, args, kwargs)


def async_proxy_for(
    reference: ObjectRef,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
    asker: Profile | None = None,
) -> AsyncProxy:
    """A proxy for a reference that was received.

    Args:
        reference: The reference.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.
        asker: Of the proxy that received it; None if there is none.
    """
    proxy = AsyncProxy(reference.uri, settings=settings, rules=rules)
    profile = proxy._pyro._profile
    profile.learn(reference.metadata)
    profile.token = None if asker is None else asker.token_for(reference.uri)
    profile.handshake = reference.handshake
    profile.chosen_serializer = reference.serializer
    return proxy


def _profile(uri: URI, settings: ClientSettings | None, rules: ClassRules | None) -> Profile:
    profile = Profile(uri, settings, rules)
    if profile.rules.revive is None:
        profile.rules = profile.rules.copy()  # the given ones are for others too
        profile.rules.revive = partial(
            async_proxy_for, settings=profile.settings, rules=profile.rules, asker=profile
        )
    return profile


def _not_awaited(arguments: str) -> TypeError:
    return TypeError(f"this operator cannot be awaited: use 'await proxy._pyro.invoke({arguments})'")


def _restored(
    cls: type[AsyncProxy],
    uri: str,
    oneway: list[str],
    methods: list[str],
    attrs: list[str],
    handshake: Any,
    serializer: str | None,
) -> AsyncProxy:
    proxy = cls.__new__(cls)
    profile = _profile(URI(uri), None, None)
    profile.learn(Metadata(frozenset(methods), frozenset(oneway), frozenset(attrs)))
    profile.handshake = handshake
    profile.chosen_serializer = serializer
    proxy._pyro_assemble(profile)
    return proxy
