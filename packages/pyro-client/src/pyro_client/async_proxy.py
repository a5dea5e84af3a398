"""The asyncio proxy: remote methods are awaited."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from pyro_client.async_channel import AsyncChannel
from pyro_client.async_remote_method import AsyncRemoteMethod
from pyro_client.control import DEFAULT_TRIES, ProfileControl
from pyro_client.plans.connect import Connection
from pyro_client.profile import Profile
from pyro_client.remote_members import describe_async
from pyro_client.retry import delays
from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.descriptions import ClassDescription
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    NamingError,
)
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_client.async_batch import AsyncBatch

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
        from pyro_client.async_batch import AsyncBatch

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

    Tasks may share one; their calls then take turns. ``async with AsyncProxy(...) as proxy:`` closes the
    connection at the end. Cancelling a task, or ``asyncio.timeout``, gives up on its call and drops the
    connection; the next call makes a new one. Attributes are read with ``await proxy._pyro.get("name")``
    and written with ``await proxy._pyro.set("name", value)``.

    Args:
        uri: ``PYRO:object@host:port``, ``PYRONAME:name`` or ``PYROMETA:tag,tag``.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received beside the plain types. If they do not say what to make
            of a received reference to a remote object, it becomes an ``AsyncProxy``.

    Raises:
        PyroError: If the URI cannot be understood.
        SettingsError: If the environment has a value that cannot be used.
    """

    _pyro: AsyncControl

    def __init__(
        self, uri: str | URI, *, settings: ClientSettings | None = None, rules: ClassRules | None = None
    ) -> None:
        profile = Profile(URI(uri), settings, rules)
        if profile.rules.revive is None:
            profile.rules = profile.rules.copy()  # the given ones are for others too
            profile.rules.revive = partial(async_proxy_for, settings=profile.settings, rules=profile.rules)
        self.__dict__[_OWN] = AsyncControl(AsyncChannel(profile))

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(f"{name!r} is private: only public names can be remote members", name=name)
        method = self.__dict__[name] = AsyncRemoteMethod(self._pyro._channel, name)
        return method

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith(_OWN):
            raise AttributeError(
                f"cannot set {name!r}: use 'await proxy._pyro.set({name!r}, value)'",
                name=name,
            )
        object.__setattr__(self, name, value)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pyro.release()

    def __repr__(self) -> str:
        state = "connected" if self._pyro.connected else "not connected"
        return f"<{type(self).__module__}.{type(self).__qualname__} for {self._pyro.uri}; {state}>"

    def __eq__(self, other: object) -> bool:
        return self._pyro.uri == other._pyro.uri if isinstance(other, AsyncProxy) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pyro.uri)

    def __pyro_ref__(self) -> ObjectRef:
        return self._pyro._profile.reference()


def async_proxy_for(
    reference: ObjectRef, *, settings: ClientSettings | None = None, rules: ClassRules | None = None
) -> AsyncProxy:
    """A proxy for a reference that was received.

    Args:
        reference: The reference.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.
    """
    proxy = AsyncProxy(reference.uri, settings=settings, rules=rules)
    profile = proxy._pyro._profile
    profile.learn(reference.metadata)
    profile.handshake = reference.handshake
    profile.chosen_serializer = reference.serializer
    return proxy
