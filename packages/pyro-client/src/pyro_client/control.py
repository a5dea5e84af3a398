"""``proxy._pyro``: everything about a proxy that is not the remote object's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context, copy_context
from functools import partial

from pyro_client.channel import Channel
from pyro_client.plans.connect import Connection
from pyro_client.profile_control import ProfileControl
from pyro_client.retry import DEFAULT_TRIES, delays
from pyro_client.revocable import Revocable
from pyro_core.calls import ObjectRef
from pyro_core.errors import CommunicationError, ConnectionClosedError, NamingError
from pyro_core.metadata import Metadata
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from pyro_client.batches import Batch
    from pyro_client.futures import Future, FutureCalls
    from pyro_client.pool import ChannelLane
    from pyro_core.descriptions import ClassDescription

    T = TypeVar("T")


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

        No daemon is needed here, and no way from the server to this machine. The object can be called, and is
        kept, until ``withdraw`` or the end of the proxy. Calls run in threads of their own.

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

    def withdraw(self, reference: ObjectRef) -> None:
        """Take back what ``offer`` gave: the object can be called no more. An unknown one is no error."""
        if self._channel.offered is not None:
            self._channel.offered.withdraw(reference)

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
        from pyro_client.batches import Batch

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
        from pyro_client.futures import Future

        future: Future[Any] = Future()
        otherwise = partial(self._submit_call, future, copy_context(), method, args, kwargs)
        pipeline = self._channel.pipeline()
        if pipeline is None or not pipeline.submit(future, method, args, kwargs, otherwise):
            otherwise()
        return future

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

    def _call_checked(
        self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any], revocable: Revocable
    ) -> Any:
        self.known_metadata()
        self._check_method(method)
        return self._channel.invoke(method, args, kwargs, revocable=revocable)

    def _submit_call(
        self,
        future: Future[Any],
        context: Context,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> None:
        revocable = Revocable()
        call = partial(self._call_checked, method, args, kwargs, revocable)
        self._submit(future, partial(context.run, call), revocable)

    def _submitted(self, work: Callable[[], T], revocable: Revocable) -> Future[T]:
        """A future of a call; cancelling it takes the call back."""
        from pyro_client.futures import Future

        future: Future[T] = Future()
        self._submit(future, partial(copy_context().run, work), revocable)
        return future

    def _submit(self, future: Future[T], work: Callable[[], T], revocable: Revocable) -> None:
        lane = self._lane
        if lane is None:
            from pyro_client.pool import ChannelLane

            lane = self._lane = ChannelLane(self._channel)
        future._cancel_running = revocable.revoke
        future._submit(partial(lane.work_on_channel, work), lane.run)
