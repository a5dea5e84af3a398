"""The blocking side of a proxy: one connection, made when needed, used by any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock

from pyro_client.dialogue import Dialogue
from pyro_client.direct import Direct, Unfinished, ended_quietly, is_usual
from pyro_client.forks import FORKS
from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection, adopt, cannot_call_back
from pyro_client.plans.resolve import any_of, reach
from pyro_client.prepare import prepared
from pyro_client.profile import Profile
from pyro_client.repetition import Repetition, Repetitions
from pyro_client.run_sync import SyncLink, SyncRunner
from pyro_client.shortest import shortest
from pyro_client.streams import RemoteIterator
from pyro_client.transfers import watch
from pyro_core.calls import StreamHandle
from pyro_core.context import serving
from pyro_core.delivery import delivered
from pyro_core.errors import (
    EXECUTED,
    ConnectionClosedError,
    SerializeError,
    TimeoutError,
)
from pyro_core.features import CALLBACK, STREAM
from pyro_core.outcomes import outcome
from pyro_core.plans import Plan
from pyro_core.wire.message import CONNECT_OK, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any

    from pyro_client.exports import Exports
    from pyro_client.pipeline import Pipeline
    from pyro_client.revocable import Revocable
    from pyro_client.shortest import Shortest
    from pyro_core.events import ClientEvent


class Channel:
    """Makes calls for a proxy. Thread-safe.

    Most calls take the direct path in ``call``. Whatever is unusual (no connection yet, retries, hooks,
    another thread in the middle of a call) goes through ``invoke``.

    Args:
        profile: How to talk.
        sock: A connected socket to use, whose server knows no handshake. It stays the caller's own.
        runner: Carries out the plans.
        on_metadata: Called when the members of the object may have changed.
    """

    _dialogue_type: type[Dialogue] = Dialogue

    def __init__(
        self,
        profile: Profile,
        *,
        sock: socket | None = None,
        runner: SyncRunner | None = None,
        on_metadata: Callable[[], object] = lambda: None,
    ) -> None:
        self.profile = profile
        self.runner = runner or SyncRunner(profile.settings)
        self.dialogue: Dialogue | None = None
        self._given = sock
        self._on_metadata = on_metadata
        self._connecting = Lock()
        self._ready: Direct | None = None
        self._shortest: Shortest | None = None
        self._clock = self.runner.clock
        self.offered: Exports | None = None
        self._repetitions = Repetitions(profile)
        FORKS.watch(self)

    @property
    def connection(self) -> Connection | None:
        """The open connection; None if there is none."""
        dialogue = self.dialogue
        return None if dialogue is None else dialogue.connection

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking."""
        return self.dialogue is not None

    @property
    def has_given_socket(self) -> bool:
        """Whether the channel lives on a socket that it cannot replace."""
        return self._given is not None

    def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
        """Call a method of the object.

        Returns:
            Its result, an iterator for an iterator; None for a one-way method.

        Raises:
            Exception: What the method raised.
            CommunicationError: If the connection failed; the next call makes a new one.
            SerializeError: If an argument or the result cannot travel.
        """
        ready, quickest = self._ready, self._shortest
        done: Any = None
        try:
            if quickest is not None:
                done = quickest(method, args, kwargs)
                if type(done) is not Unfinished:
                    return done
            if done is None or (done.answer is None and not done.needs_care):
                done = None if ready is None else ready.call(method, args, kwargs)
        except ConnectionClosedError as problem:
            if not (problem.retry_safe and self.profile.reopens):
                raise
            done = None  # nothing was sent: a new connection can do it
        except SerializeError as problem:  # the result is there, but cannot be decoded
            delivered(problem, EXECUTED)
            raise
        if done is None or done.needs_care:
            return self.invoke(method, args, kwargs)
        return None if done.answer is None else self._result(done.dialogue, done.answer)

    def invoke(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        max_retries: int | None = None,
        revocable: Revocable | None = None,
    ) -> Any:
        """Call a method of any object of the server, connecting and repeating as needed.

        Args:
            method: Its name.
            args: Positional arguments.
            kwargs: Keyword arguments; None for attributes and batches.
            flags: Neutral flags for the request.
            object_id: Which object; None for the proxy's own.
            max_retries: How often to repeat; None for the profile's number, 0 for other objects.
            revocable: Told where the call is, so that another thread can take it back.
        """
        dialogue, message = self._exchanged(method, args, kwargs, flags, object_id, max_retries, revocable)
        return None if message is None else self._result(dialogue, message)

    def answer(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        flags: int = 0,
        object_id: str | None = None,
        max_retries: int | None = None,
    ) -> Message | None:
        """The message that answers a call, its payload not decoded; None for a one-way method.

        For gateways, which pass it on. Args and errors are those of ``invoke``.
        """
        return self._exchanged(method, args, kwargs, flags, object_id, max_retries, None)[1]

    def bind(self) -> bool:
        """Connect if there is no connection; tells whether that was needed."""
        made: list[Dialogue] = []
        self._opened(self.deadline(), made.append)
        return bool(made)

    def open(self) -> Dialogue:
        """The dialogue on the connection, made if need be."""
        return self._opened(self.deadline())

    def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            CommunicationError: If there is none.
        """
        deadline = self.deadline()
        self._opened(deadline).ping(deadline)

    def release(self) -> None:
        """Close the connection, unless it is a given socket. The next call makes a new one.

        Calls of other threads that are under way are let finish if the server allows one at a time.
        """
        dialogue = self.dialogue
        if self._given is None and dialogue is not None:
            if not dialogue.shared:
                dialogue.take_turn(None)
            try:
                dialogue.end(ConnectionClosedError("the proxy was released", retry_safe=True))
            finally:
                if not dialogue.shared:
                    dialogue.turn.release()

    def abandon(self) -> None:
        """Let go of the connection without waiting for anything, when nobody can use the channel any more."""
        self.refresh()
        dialogue, self.dialogue = self.dialogue, None
        if dialogue is not None:
            dialogue.connection.link.abandon()

    def refresh(self) -> None:
        """Notice that the profile has changed."""
        self._ready = self._shortest = None

    def adopt(self, connection: Connection) -> None:
        """Use a connection that was made elsewhere."""
        self.release()
        with self._connecting:
            self._take(connection)

    def pipeline(self) -> Pipeline | None:
        """What makes usual calls for futures; None if it cannot be done so now."""
        return None if self._ready is None else self._ready.pipeline(self._result)

    def exports(self) -> Exports:
        """What this client offers to its server over the connection.

        Raises:
            PyroError: If the server cannot call back on this connection.
        """
        dialogue = self._opened(self.deadline())
        if CALLBACK not in dialogue.connection.features:
            raise cannot_call_back(dialogue.connection)
        return self._own_exports(dialogue)

    def open_stream(self, handle: StreamHandle) -> Any:
        """An iterator for an item stream that a call returned."""
        dialogue = self.dialogue
        return RemoteIterator(self, handle) if dialogue is None else self._stream(dialogue, handle)

    def deadline(self, timeout_s: float | None = None) -> float | None:
        """When a call that begins now must be done, on the clock; None if it may take any time.

        A call made while another one is being served must be done when that one must be.

        Args:
            timeout_s: How long it may take, in seconds; None for the profile's value.
        """
        if timeout_s is None:
            timeout_s = self.profile.timeout_s
        call = serving()
        left_s = None if call is None else call.remaining_s
        if left_s is not None and (timeout_s is None or left_s < timeout_s):
            timeout_s = left_s
        return None if timeout_s is None else self._clock() + timeout_s

    def after_fork(self) -> None:
        """In the child of a fork: leave the connection to the parent, and forget what its threads hold."""
        self._connecting = Lock()
        self.offered = None
        self._repetitions.after_fork()
        self.abandon()

    def _exchanged(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        max_retries: int | None,
        revocable: Revocable | None,
    ) -> tuple[Dialogue, Message | None]:
        if max_retries is None and object_id is not None:
            max_retries = 0
        return self._repetitions.run(
            method,
            max_retries,
            lambda repetition: self._attempt(method, args, kwargs, flags, object_id, revocable, repetition),
            lambda: self.dialogue is not None and self.profile.reopens,
            self.runner.sleep,
        )

    def _attempt(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
        revocable: Revocable | None,
        repetition: Repetition,
    ) -> tuple[Dialogue, Message | None]:
        deadline = self.deadline()
        dialogue = self._opened(deadline)
        if self.profile.on_transfer is not None or dialogue.arrivals.watch is not None:
            watch(dialogue.arrivals, self.profile.on_transfer)
        connection, profile, exports = dialogue.connection, self.profile, partial(self._own_exports, dialogue)
        call = prepared(connection, profile, exports, method, args, kwargs, flags, object_id)
        repetition.mark(connection, call)
        if not dialogue.shared and deadline is None and serving() is not None:
            dialogue.await_turn()
        compress = self.profile.settings.compression
        request = (call.payload, call.flags, call.extras, deadline)
        message = dialogue.exchange(*request, compress=compress, revocable=revocable)
        self._become_ready(dialogue)
        if message is not None:
            invoke.announce(self.profile, message)
        return dialogue, message

    def _result(self, dialogue: Dialogue, message: Message) -> Any:
        value = outcome(dialogue.connection.serializer, message)
        return self._stream(dialogue, value) if type(value) is StreamHandle else value

    def _stream(self, dialogue: Dialogue, handle: StreamHandle) -> Any:
        if STREAM in dialogue.connection.features and handle.stream_id is not None:
            from pyro_client.pushed import PushedItems

            return PushedItems(self, dialogue, handle.stream_id)
        return RemoteIterator(self, handle)

    def _opened(
        self, deadline: float | None, on_made: Callable[[Dialogue], object] = lambda dialogue: None
    ) -> Dialogue:
        """The dialogue on the connection, made if need be; then ``on_made`` is called with it."""
        dialogue = self.dialogue
        if dialogue is not None and not (self.profile.reopens and ended_quietly(dialogue, self._clock())):
            return dialogue
        if deadline is None:
            self._connecting.acquire()
        elif not self._connecting.acquire(timeout=max(deadline - self._clock(), 0)):
            raise TimeoutError(
                f"timeout: another thread did not connect to {self.profile.uri} before the deadline",
                retry_safe=True,
            )
        try:
            if self.dialogue is not None:
                return self.dialogue
            limit = self.profile.settings.timeouts.connect_s
            limits = [deadline, None if limit is None else self._clock() + limit]
            until = min((end for end in limits if end is not None), default=None)
            connection = self.runner.run(self._establish(), until)
            dialogue = self._take(connection)
            self._become_ready(dialogue)
            on_made(dialogue)
        finally:
            self._connecting.release()
        if self.profile.on_response is not None:
            self.profile.on_response(connection.response_annotations, CONNECT_OK)
        return dialogue

    def _establish(self) -> Plan[Connection]:
        profile = self.profile
        if self._given is not None:
            self._given.setblocking(True)
            link = SyncLink(self._given, "the given socket", self._clock, owned=False)
            return (yield from adopt(link, profile.uri, profile))
        return (yield from reach(profile.uri, profile, any_of))

    def _take(self, connection: Connection) -> Dialogue:
        dialogue = self.dialogue = self._dialogue_type(connection, self._clock, self._heard, self._ended)
        self.profile.resolved_uri = connection.uri
        self.profile.learn(connection.metadata)
        self._on_metadata()
        if self.offered:
            dialogue.listen()
        return dialogue

    def _heard(self, dialogue: Dialogue, event: ClientEvent) -> None:
        """The server says something by itself."""
        self._own_exports(dialogue).take(dialogue, event)

    def _ended(self, dialogue: Dialogue) -> None:
        """A connection cannot be used any more."""
        if self.dialogue is dialogue:
            self.dialogue = self._ready = self._shortest = None

    def _own_exports(self, dialogue: Dialogue) -> Exports:
        """The exports; from now on somebody always listens to the server."""
        if self.offered is None:
            from pyro_client.exports import Exports

            self.offered = Exports()
        dialogue.listen()
        return self.offered

    def _become_ready(self, dialogue: Dialogue) -> None:
        """Open the direct path if nothing asks for more care."""
        profile = self.profile
        if self._ready is None and self.dialogue is dialogue and is_usual(profile):
            dialogue.connection.link.bound_waits(profile.timeout_s)
            ready = self._ready = Direct(dialogue, profile, self._clock)
            if ready.timeout_s != profile.timeout_s or dialogue.over:  # changed by another thread meanwhile
                self._ready = None
            else:
                self._shortest = shortest(ready)
