"""The blocking side of a proxy: one connection, made when needed, used by one thread at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock

from pyro_client.forks import FORKS
from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection, adopt, connect
from pyro_client.plans.resolve import any_of, resolve
from pyro_client.profile import Profile
from pyro_client.retry import delays, repeats
from pyro_client.run_sync import RECEIVE_BYTES, SyncLink, SyncRunner
from pyro_client.streams import RemoteIterator
from pyro_core.calls import StreamHandle
from pyro_core.context import request_extras, sending, serving
from pyro_core.errors import CommunicationError, ConnectionClosedError, TimeoutError
from pyro_core.outcomes import outcome
from pyro_core.plans import Plan
from pyro_core.wire.message import CONNECT_OK, ONEWAY, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any, Final, TypeVar

    T = TypeVar("T")


_QUIET_S: Final = 1.0
"""After so long without a call, look whether the server has closed the connection before sending on it."""
_SMALL_BYTES: Final = 32768
"""Requests up to this size fit into the kernel's buffer, so that sending them does not wait."""


class _Ready:
    """What the direct path of a call needs, looked up once per connection instead of once per call."""

    __slots__ = (
        "connection",
        "decode_value",
        "encode_call",
        "max_bytes",
        "object_id",
        "recv",
        "reply_from",
        "request",
        "send",
        "serializer_id",
        "timeout_s",
        "used_at",
    )

    def __init__(self, connection: Connection, profile: Profile, now: float) -> None:
        link: SyncLink = connection.link
        self.connection = connection
        self.object_id = profile.object_id
        self.timeout_s = profile.timeout_s
        self.max_bytes = float("inf") if profile.timeout_s is None else _SMALL_BYTES
        self.used_at = now
        self.serializer_id = connection.serializer_id
        self.encode_call = connection.serializer.encode_call
        self.decode_value = connection.serializer.decode_value
        self.request = connection.session.call
        self.reply_from = connection.session.reply_from
        self.send = link.sock.send
        self.recv = link.sock.recv
        link.bound_waits(self.timeout_s)


class Channel:
    """Makes calls for a proxy. Thread-safe.

    Most calls take the direct path in ``call``. Whatever is unusual (no connection yet, retries, hooks,
    compression, another thread in the middle of a call) goes through the plans.

    Args:
        profile: How to talk.
        sock: A connected socket to use, whose server knows no handshake. It stays the caller's own.
        runner: Carries out the plans.
        on_metadata: Called when the members of the object may have changed.
    """

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
        self.connection: Connection | None = None
        self._given = sock
        self._on_metadata = on_metadata
        self._lock = Lock()
        self._ready: _Ready | None = None
        self._oneway = profile.oneway
        self._clock = self.runner.clock
        self._used_at = 0.0
        FORKS.watch(self)

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known without asking."""
        return self.connection is not None

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
        ready = self._ready
        if ready is None:
            return self.invoke(method, args, kwargs)
        payload = ready.encode_call(ready.object_id, method, args, kwargs)
        if not self._lock.acquire(False):
            return self.invoke(method, args, kwargs)
        try:
            now = self._clock()
            direct = (
                self._ready is ready and now - ready.used_at < _QUIET_S and len(payload) <= ready.max_bytes
            )
            if direct:
                ready.used_at = now
                message = self._exchange(ready, payload, ONEWAY if method in self._oneway else 0, now)
        except ConnectionClosedError as problem:
            if not problem.retry_safe:
                raise
            direct = False  # nothing was sent: a new connection can do it
        finally:
            self._lock.release()
        if not direct:
            return self.invoke(method, args, kwargs)
        if message is None:
            return None
        if message.flags:
            return self._result(ready.connection, message)
        return ready.decode_value(message.payload)

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
        """Call a method of any object of the server, connecting and repeating as needed.

        Args:
            method: Its name.
            args: Positional arguments.
            kwargs: Keyword arguments; None for attributes and batches.
            flags: Neutral flags for the request.
            object_id: Which object; None for the proxy's own.
            max_retries: How often to repeat; None for the profile's number, 0 for other objects.

        Returns:
            As ``call``.
        """
        if max_retries is None:
            max_retries = self.profile.max_retries if object_id is None else 0
        waits: Iterator[float] | None = None
        attempt = 0
        while True:
            reused = self.connection is not None
            try:
                connection, message = self._attempt(method, args, kwargs, flags, object_id)
                break
            except CommunicationError as problem:
                if not repeats(problem, attempt, max_retries, reused=reused):
                    raise
                attempt += 1
                if not (reused and problem.retry_safe):
                    waits = waits or delays()
                    self.runner.sleep(next(waits))
        return None if message is None else self._result(connection, message)

    def bind(self) -> bool:
        """Connect if there is no connection; tells whether that was needed."""
        deadline = self._deadline()
        self._acquire(deadline)
        try:
            if self.connection is not None and not self._is_stale():
                return False
            self._connected(deadline)
            return True
        finally:
            self._lock.release()

    def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            CommunicationError: If there is none.
        """
        deadline = self._deadline()
        self._acquire(deadline)
        try:
            connection = self._connected(deadline)
            self._run(invoke.ping(connection), deadline)
        finally:
            self._lock.release()

    def release(self) -> None:
        """Close the connection, unless it is a given socket. The next call makes a new one."""
        if self._given is None:
            with self._lock:
                self._drop()

    def refresh(self) -> None:
        """Notice that the profile has changed."""
        self._ready = None

    def adopt(self, connection: Connection) -> None:
        """Use a connection that was made elsewhere."""
        with self._lock:
            self._drop()
            self._take(connection)

    def after_fork(self) -> None:
        """In the child of a fork: leave the connection to the parent, and forget what its threads hold."""
        self._lock = Lock()
        self._drop()

    def _exchange(self, ready: _Ready, payload: bytes, flags: int, started: float) -> Message | None:
        """The direct path: one send and, nearly always, one receive."""
        block = sending()
        if block is None and serving() is None:
            request = ready.request(ready.serializer_id, payload, flags)
        else:
            request = ready.request(ready.serializer_id, payload, flags, *request_extras())
        sent = 0
        try:
            sent = ready.send(request)
            if sent != len(request):
                ready.connection.link.send(memoryview(request)[sent:], self._until(ready, started))
            if flags:
                return None
            message = ready.reply_from(ready.recv(RECEIVE_BYTES))
            if message is None:
                message = self.runner.run(invoke.answer(ready.connection), self._until(ready, started))
                ready.connection.link.bound_waits(ready.timeout_s)
            elif message.serializer_id != ready.serializer_id:
                invoke.check(ready.connection, message)
        except BlockingIOError as problem:
            self._drop()
            raise ready.connection.link.late(retry_safe=not sent) from problem
        except OSError as problem:
            self._drop()
            raise ready.connection.link.lost(problem, retry_safe=not sent) from problem
        except BaseException:  # KeyboardInterrupt too: the answer may still come, and would confuse the next
            self._drop()
            raise
        if block is not None:
            block.response_annotations = message.annotations
        return message

    def _until(self, ready: _Ready, started: float) -> float | None:
        return None if ready.timeout_s is None else started + ready.timeout_s

    def _attempt(
        self,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        flags: int,
        object_id: str | None,
    ) -> tuple[Connection, Message | None]:
        deadline = self._deadline()
        self._acquire(deadline)
        try:
            connection = self._connected(deadline)
            request, oneway = invoke.request_for(
                connection, self.profile, method, args, kwargs, flags, object_id
            )
            plan = invoke.exchange(connection, request, oneway=oneway)
            message = self._run(plan, deadline)
            self._become_ready(connection)
        finally:
            self._lock.release()
        if message is not None:
            invoke.announce(self.profile, message)
        return connection, message

    def _result(self, connection: Connection, message: Message) -> Any:
        value = outcome(connection.serializer, message)
        return RemoteIterator(self, value) if type(value) is StreamHandle else value

    def _connected(self, deadline: float | None) -> Connection:
        """The connection, made if need be. The lock is held."""
        if self.connection is not None and not self._is_stale():
            return self.connection
        limit = self._deadline(self.profile.settings.timeouts.connect_s)
        limit = min((end for end in (limit, deadline) if end is not None), default=None)
        connection = self.runner.run(self._establish(), limit)
        self._take(connection)
        if self.profile.on_response is not None:
            self.profile.on_response(connection.response_annotations, CONNECT_OK)
        return connection

    def _establish(self) -> Plan[Connection]:
        profile = self.profile
        if self._given is not None:
            self._given.setblocking(True)
            link = SyncLink(self._given, "the given socket", self._clock, owned=False)
            return (yield from adopt(link, profile.uri, profile))
        address = yield from resolve(profile.uri, profile, any_of)
        return (yield from connect(address, profile))

    def _take(self, connection: Connection) -> None:
        self.connection = connection
        self._used_at = self._clock()
        self.profile.resolved_uri = connection.uri
        self.profile.learn(connection.metadata)
        self._on_metadata()

    def _run(self, plan: Plan[T], deadline: float | None) -> T:
        """Run a plan on the connection, which is dropped if anything goes wrong."""
        try:
            result = self.runner.run(plan, deadline)
        except BaseException:  # KeyboardInterrupt too: the answer may still come, and would confuse the next
            self._drop()
            raise
        self._used_at = self._clock()
        return result

    def _become_ready(self, connection: Connection) -> None:
        """Open the direct path if nothing asks for more care."""
        profile = self.profile
        plain = (
            not profile.settings.compression
            and not profile.max_retries
            and profile.annotations is None
            and profile.on_response is None
        )
        if plain:
            ready = self._ready = _Ready(connection, profile, self._used_at)
            if ready.timeout_s != profile.timeout_s:  # changed by another thread meanwhile
                self._ready = None

    def _is_stale(self) -> bool:
        """Whether the server has closed the connection; looks only if it has been quiet for a while."""
        connection = self.connection
        ready = self._ready
        used_at = self._used_at if ready is None else max(self._used_at, ready.used_at)
        if connection is None or self._clock() - used_at < _QUIET_S or not connection.link.is_closed():
            return False
        self._drop()
        return True

    def _drop(self) -> None:
        self._ready = None
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.link.close()

    def _deadline(self, timeout_s: float | None = None) -> float | None:
        if timeout_s is None:
            timeout_s = self.profile.timeout_s
        return None if timeout_s is None else self._clock() + timeout_s

    def _acquire(self, deadline: float | None) -> None:
        if deadline is None:
            self._lock.acquire()
        elif not self._lock.acquire(timeout=max(deadline - self._clock(), 0)):
            raise TimeoutError(
                f"timeout: another call on this proxy of {self.profile.uri} did not end before the deadline; "
                "copy the proxy to call over a connection of its own",
                retry_safe=True,
            )
