"""``proxy._pyro``: everything about a proxy that is not the remote object's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from pyro_client.channel import Channel
from pyro_client.plans.connect import Connection
from pyro_client.profile import Annotations, Profile
from pyro_client.retry import delays
from pyro_core.calls import ObjectRef
from pyro_core.errors import CommunicationError, ConnectionClosedError, NamingError
from pyro_core.metadata import Metadata
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, TypeVar

    from pyro_client.batch import Batch
    from pyro_client.futures import Future, FutureCalls
    from pyro_client.pool import ChannelLane
    from pyro_core.convert import ClassRules
    from pyro_core.descriptions import ClassDescription
    from pyro_core.settings import ClientSettings

    T = TypeVar("T")

DEFAULT_TRIES: Final = 100
"""Attempts of ``reconnect``: with its waiting times about a quarter of an hour."""


class ProfileControl:
    """What blocking and asyncio proxies have in common: how to talk, and nothing about connections.

    Args:
        profile: How to talk.
        changed: Called after a change that the connection must notice.
    """

    __slots__ = ("_changed", "_profile")

    def __init__(self, profile: Profile, changed: Callable[[], object]) -> None:
        self._profile = profile
        self._changed = changed

    @property
    def uri(self) -> URI:
        """The URI that the proxy was made for."""
        return self._profile.uri

    @property
    def resolved_uri(self) -> URI | None:
        """The address that it stands for; None before a name was looked up."""
        return self._profile.resolved_uri

    @property
    def settings(self) -> ClientSettings:
        """The settings that the proxy was made with."""
        return self._profile.settings

    @property
    def rules(self) -> ClassRules:
        """Rules for sending and receiving classes; more may be registered any time."""
        return self._profile.rules

    @property
    def metadata(self) -> Metadata:
        """Members of the remote object; empty before the first connection."""
        return self._profile.metadata

    @property
    def oneway(self) -> set[str]:
        """Names of methods whose calls are not answered; names may be added and removed."""
        return self._profile.oneway

    @oneway.setter
    def oneway(self, names: Iterable[str]) -> None:
        wanted = set(names)
        self._profile.oneway.clear()
        self._profile.oneway.update(wanted)

    @property
    def timeout_s(self) -> float | None:
        """Deadline of a whole call in seconds, connecting included; None for none.

        A call that is repeated (``max_retries``) has that much time for each attempt.
        """
        return self._profile.timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float | None) -> None:
        if seconds is not None and seconds < 0:
            raise ValueError(f"a timeout is a number of seconds, 0 or more, or None; got {seconds!r}")
        self._profile.timeout_s = seconds or None
        self._changed()

    @property
    def max_retries(self) -> int:
        """How often to repeat a call whose connection failed, although it may have been executed."""
        return self._profile.max_retries

    @max_retries.setter
    def max_retries(self, count: int) -> None:
        self._profile.max_retries = count
        self._changed()

    @property
    def serializer(self) -> str:
        """Name of the serializer for requests; None, when set, means that of the settings.

        A change holds from the next connection on.
        """
        return self._profile.serializer

    @serializer.setter
    def serializer(self, name: str | None) -> None:
        self._profile.chosen_serializer = name

    @property
    def handshake(self) -> Any:
        """What is said in the handshake: any value that the serializer takes."""
        return self._profile.handshake

    @handshake.setter
    def handshake(self, value: Any) -> None:
        self._profile.handshake = value

    @property
    def validate_handshake(self) -> Callable[[Any], object] | None:
        """Gets the server's answer to the handshake, and raises to refuse that server."""
        return self._profile.validate_handshake

    @validate_handshake.setter
    def validate_handshake(self, hook: Callable[[Any], object] | None) -> None:
        self._profile.validate_handshake = hook

    @property
    def annotations(self) -> Callable[[], Annotations] | None:
        """Gives annotations to send with each request of this proxy: four ASCII letters -> bytes."""
        return self._profile.annotations

    @annotations.setter
    def annotations(self, hook: Callable[[], Annotations] | None) -> None:
        self._profile.annotations = hook
        self._changed()

    @property
    def on_response(self) -> Callable[[Annotations, int], object] | None:
        """Gets the annotations and the message kind of each answer, that of the handshake included."""
        return self._profile.on_response

    @on_response.setter
    def on_response(self, hook: Callable[[Annotations, int], object] | None) -> None:
        self._profile.on_response = hook
        self._changed()

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking the server."""
        raise NotImplementedError

    def _state(self) -> str:
        """What a proxy's ``repr`` tells beside its address."""
        state = "connected" if self.connected else "not connected"
        known = self._profile.metadata
        if not known:
            return state
        number = len(known.methods)
        return f"{state}, {number} method{'' if number == 1 else 's'}"

    def _check_method(self, name: str) -> None:
        """Raise ``AttributeError`` if a name is known not to be a method of the object."""
        profile = self._profile
        if profile.metadata and not profile.offers(name):
            if name in profile.metadata.attrs:
                raise AttributeError(
                    f"{name!r} is an attribute of the remote object and no method", name=name
                )
            raise profile.missing(name)


def not_looked_up(name: str) -> AttributeError:
    """The error for names with a leading underscore, which tools try on everything: they never connect."""
    if name.startswith("__") and name.endswith("__"):
        why = f"no exposed method {name!r} is known; proxy._pyro.bind() asks the server which there are"
    else:
        why = f"{name!r} is private: only public names can be remote members"
    return AttributeError(why, name=name)


class Control(ProfileControl):
    """Controls one ``Proxy``; found at ``proxy._pyro``.

    Args:
        channel: Makes the calls.
    """

    __slots__ = ("_channel", "_lane")

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel.profile, channel.refresh)
        self._channel = channel
        self._lane: ChannelLane | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking the server."""
        return self._channel.connected

    @property
    def connection(self) -> Connection | None:
        """The open connection with its protocol version, greeting and socket (``connection.link.sock``)."""
        return self._channel.connection

    @property
    def version(self) -> int | None:
        """Protocol version of the server; None while there is no connection."""
        connection = self._channel.connection
        return None if connection is None else connection.version

    def bind(self) -> bool:
        """Look up the name and connect now, instead of at the first call.

        Returns:
            True if a connection was made, False if there was one.

        Raises:
            CommunicationError: If the server cannot be reached, or refuses.
            NamingError: If the name cannot be looked up.
        """
        return self._channel.bind()

    def release(self) -> None:
        """Close the connection. The next call makes a new one.

        A given ``connected_socket`` stays open: it belongs to whoever made it.
        """
        self._channel.release()

    def reconnect(
        self, tries: int = DEFAULT_TRIES, *, first_wait_s: float = 0.1, longest_wait_s: float = 10.0
    ) -> None:
        """Close the connection and make a new one, however long the server takes to come back.

        Args:
            tries: How often to try.
            first_wait_s: Seconds between the first two attempts; it doubles from then on, and is shortened
                at random so that many clients do not come back at the same moment.
            longest_wait_s: Longest wait between two attempts, in seconds.

        Raises:
            ConnectionClosedError: If no attempt succeeded.
        """
        self._channel.release()
        waits = delays(first_wait_s, longest_wait_s)
        for attempt in range(1, tries + 1):
            try:
                self._channel.bind()
            except (CommunicationError, NamingError) as problem:
                if attempt == tries:
                    raise ConnectionClosedError(
                        f"failed to reconnect to {self.uri} in {tries} attempts; the last one: {problem}",
                        retry_safe=True,
                    ) from problem
                self._channel.runner.sleep(next(waits))
            else:
                return

    def offer(self, target: Any, expose: Sequence[str] = ()) -> ObjectRef:
        """Let the server call an object of this program, over the connection of this proxy.

        No daemon is needed here, and no way from the server to this machine. The object can be called as long
        as the connection lasts. Calls run in threads of their own.

        Args:
            target: An object whose class exposes methods, or anything that can be called.
            expose: Names of methods to expose beside the decorated ones.

        Returns:
            What to give to the server as an argument; its methods find a proxy in its place.

        Raises:
            PyroError: If the server cannot call back on this connection, as stock servers cannot.
            DaemonError: If the object has nothing that could be called.
        """
        return self._channel.exports().offer(target, expose)

    def describe(self) -> ClassDescription:
        """Signatures and docs of the remote object's members, asked for once; empty for a stock server.

        Raises:
            CommunicationError: If the server cannot be reached.
        """
        from pyro_client.remote_members import describe

        return describe(self._channel)

    def ping(self) -> None:
        """Ask the server for a sign of life, connecting if need be.

        Raises:
            CommunicationError: If there is none before the deadline.
        """
        self._channel.ping()

    def invoke(
        self,
        method: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        flags: int = 0,
        object_id: str | None = None,
    ) -> Any:
        """Call a method by name, without looking at the metadata.

        Args:
            method: Its name.
            args: Positional arguments.
            kwargs: Keyword arguments.
            flags: Neutral flags (see ``pyro_core.wire.message``), such as ``ONEWAY``.
            object_id: Another object of the same daemon; None for the proxy's own.

        Returns:
            What the method returns.
        """
        return self._channel.invoke(method, args, kwargs or {}, flags=flags, object_id=object_id)

    def batch(self) -> Batch:
        """An empty batch of calls; the same as ``pyro_client.batch(proxy)``."""
        from pyro_client.batch import Batch

        return Batch(self)

    @property
    def futures(self) -> FutureCalls:
        """Has the remote methods, too: called here they give a ``Future`` at once, and run meanwhile."""
        from pyro_client.futures import FutureCalls

        return FutureCalls(self)

    def submit(self, method: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a method from another thread.

        Several such calls are under way at the same time if the server can do that on one connection, as ours
        can; else they are made one after the other, in the order in which they were submitted.

        Args:
            method: Its name.
            args: Positional arguments.
            kwargs: Keyword arguments.

        Returns:
            A future of the result.

        Raises:
            AttributeError: If the members of the object are known, and this is none of its methods. Otherwise
                the future ends with it.
        """
        self._check_method(method)
        return self._submitted(lambda: self._call_checked(method, args, kwargs))

    def get(self, name: str) -> Any:
        """Read a remote attribute.

        Raises:
            AttributeError: If it is not exposed.
        """
        return self._channel.call(GET_ATTRIBUTE, (name,), None)

    def set(self, name: str, value: Any) -> None:
        """Write a remote attribute.

        Raises:
            AttributeError: If it is not exposed, or cannot be written.
        """
        self._channel.call(SET_ATTRIBUTE, (name, value), None)

    def known_metadata(self) -> Metadata:
        """Members of the remote object, connecting if they are not known yet."""
        if not self._profile.metadata:
            self._channel.bind()
        return self._profile.metadata

    def _call_checked(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        self.known_metadata()
        self._check_method(method)
        return self._channel.call(method, args, kwargs)

    def _submitted(self, work: Callable[[], T]) -> Future[T]:
        """A future of something that uses the connection."""
        from pyro_client.futures import submit

        lane = self._lane
        if lane is None:
            from pyro_client.pool import ChannelLane

            lane = self._lane = ChannelLane(self._channel)
        return submit(partial(lane.work_on_channel, work), lane.run)
