"""What goes on between a connection's two ends beside calls and their answers, where both are ours.

Keeps track of the calls under way, so that they can be taken back; calls objects that the client offered;
and takes the items of streams that the client sent as arguments.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pyro_core.calls import Call, StreamHandle
from pyro_core.context import CallContext, request_extras
from pyro_core.duplex import FAILED, Credit, pack_cancel, pack_credit, pack_items
from pyro_core.errors import ConnectionClosedError, PyroError, TimeoutError
from pyro_core.events import CancelArrived, CreditArrived, DuplexEvent, ItemsArrived, ReplyArrived
from pyro_core.outcomes import outcome
from pyro_core.serializer import Serializer
from pyro_core.server_session import ServerSession
from pyro_core.transport import Wire
from pyro_core.wire.message import ONEWAY, Message
from pyro_server.arriving import ArrivingStream
from pyro_server.failures import encode_failure
from pyro_server.requests import Job, Request

if TYPE_CHECKING:
    from pyro_core.observing import Observers
    from pyro_core.wire.codec import Codec
    from pyro_server.connection import Connection
    from pyro_server.host import DaemonHost

CALLBACK_S: Final = 60.0
"""How long the answer of a client's object is waited for, if nothing else is said."""

OnReply = Callable[[Message | None], object]


class Conversation:
    """One connection's dealings beside its calls. Thread-safe.

    Args:
        host: The daemon's innards.
        connection: The connection.
        session: Its session.
        wire: Reaches the client at any time.
        serializer: Encodes what is said to the client.

    Attributes:
        requests: Calls under way or waiting to be run, by their numbers.
        wire: As given.
    """

    __slots__ = (
        "_arriving",
        "_calls",
        "_connection",
        "_host",
        "_lock",
        "_open",
        "_serializer",
        "_serializer_id",
        "_session",
        "_version",
        "requests",
        "wire",
    )

    def __init__(
        self,
        host: "DaemonHost",
        connection: "Connection",
        session: ServerSession,
        wire: Wire,
        serializer: Serializer,
    ) -> None:
        self.requests: dict[int, Request | CallContext] = {}
        self.wire = wire
        self._host = host
        self._connection = connection
        self._session = session
        self._serializer = serializer
        self._version = session.version or 0
        self._serializer_id = serializer.wire_ids[self._version]
        self._lock = threading.Lock()
        self._calls: dict[int, OnReply] = {}
        self._arriving: dict[str, ArrivingStream] = {}
        self._open = True

    @property
    def codec(self) -> "Codec":
        """That of the client's protocol version."""
        return self._session.codec

    @property
    def observers(self) -> "Observers | None":
        """Those of the daemon, who are told of calls of the client's objects, too."""
        return self._host.observers

    @property
    def is_open(self) -> bool:
        """Whether the client is still there."""
        return self._open

    # ---- what arrives

    def take(self, event: DuplexEvent) -> Job | None:
        """Deal with what the client says; gives what is to be done in a worker. Never waits."""
        if isinstance(event, CancelArrived):
            request = self.requests.get(event.seq)
            if request is not None:
                request.cancel()
        elif isinstance(event, ReplyArrived):
            on_reply = self._calls.pop(event.message.seq, None)
            if on_reply is not None:
                on_reply(event.message)
        elif isinstance(event, ItemsArrived):
            stream = self._arriving.get(event.items.stream_id)
            if stream is not None:
                stream.arrived(event.items)
        elif isinstance(event, CreditArrived):
            return self._take_credit(event.credit)
        return None

    def close(self) -> None:
        """The connection is gone: end what waits for it, and tell the calls under way."""
        with self._lock:
            self._open = False
            calls, self._calls = self._calls, {}
            arriving, self._arriving = self._arriving, {}
        for request in list(self.requests.values()):
            if not getattr(request, "survives", False):
                request.cancel()
        for on_reply in calls.values():
            on_reply(None)
        for stream in arriving.values():
            stream.connection_lost()

    # ---- calls of the client's objects

    def begin_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        on_reply: OnReply | None,
    ) -> int:
        """Send a call to an object of the client.

        Args:
            object_id: The object, as the client named it.
            method: Its method.
            args: Positional arguments.
            kwargs: Keyword arguments.
            on_reply: Gets the answer, in the thread that receives it; or None if the connection is lost. None
                for a oneway call.

        Returns:
            Number of the call.

        Raises:
            SerializeError: If an argument cannot travel.
            ConnectionClosedError: If the connection is gone.
        """
        payload = self._serializer.encode_call(object_id, method, args, kwargs)
        flags = ONEWAY if on_reply is None else 0
        annotations, correlation_id = request_extras()
        with self._lock:
            if not self._open:
                raise self._gone()
            seq, data = self._session.call(self._serializer_id, payload, flags, annotations, correlation_id)
            if on_reply is not None:
                self._calls[seq] = on_reply
        self.wire.send(data)
        return seq

    def call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        *,
        oneway: bool = False,
        timeout_s: float | None = None,
    ) -> Any:
        """Call an object of the client and wait for its answer. Not for the thread of an event loop.

        Args:
            object_id: The object, as the client named it.
            method: Its method.
            args: Positional arguments.
            kwargs: Keyword arguments.
            oneway: Do not wait.
            timeout_s: How long to wait; None for a minute.

        Raises:
            Exception: What the client's method raised.
            TimeoutError: If there is no answer in time.
            ConnectionClosedError: If the connection is gone.
        """
        if oneway:
            self.begin_call(object_id, method, args, kwargs, None)
            return None
        done = threading.Event()
        answers: list[Message | None] = []

        def on_reply(message: Message | None) -> None:
            answers.append(message)
            done.set()

        timeout_s = CALLBACK_S if timeout_s is None else timeout_s
        seq = self.begin_call(object_id, method, args, kwargs, on_reply)
        if not self.wire.wait(done.wait, timeout_s):
            self.give_up(seq)
            raise TimeoutError(
                f"timeout: {self._connection.peer} did not answer the callback {method!r} "
                f"within {timeout_s:g} s",
                peer=self._connection.peer,
            )
        return self.result(answers[0])

    def result(self, message: Message | None) -> Any:
        """What the answer of a callback says; raises what the client's method raised."""
        if message is None:
            raise self._gone()
        return outcome(self._serializer, message)

    def give_up(self, seq: int) -> None:
        """The answer of a callback is not wanted any more."""
        if self._calls.pop(seq, None) is not None:
            self.wire.send(pack_cancel(self._session.codec, seq))

    # ---- streams

    def with_streams(self, call: Call) -> Call:
        """A call with item streams of the client in place of their handles.

        Raises:
            PyroError: If there are too many of them.
        """

        def live(value: Any) -> Any:
            if type(value) is StreamHandle and value.stream_id is not None:
                return self.stream_arriving(value.stream_id)
            return value

        kwargs = {name: live(value) for name, value in (call.kwargs or {}).items()}
        return call._replace(args=[live(value) for value in call.args], kwargs=kwargs)

    def stream_arriving(self, stream_id: str) -> ArrivingStream:
        """The items of a stream that the client sent as an argument.

        Raises:
            PyroError: If there are too many of them.
        """
        with self._lock:
            if len(self._arriving) >= self._host.settings.limits.max_streams:
                raise PyroError(
                    f"too many item streams arrive on one connection ({len(self._arriving)}); "
                    "take or close some, or raise Limits.max_streams of the daemon"
                )
            stream = ArrivingStream(stream_id, self._serializer, self)
            self._arriving[stream_id] = stream
            return stream

    def forget_stream(self, stream_id: str) -> None:
        """A stream from the client is over."""
        self._arriving.pop(stream_id, None)

    def send_credit(self, credit: Credit) -> None:
        """Tell the client how many items of a stream may come."""
        self.wire.send(pack_credit(self._session.codec, credit))

    def _take_credit(self, credit: Credit) -> Job | None:
        def say(state: int, first: int, items: Any) -> int:
            return self._send_items(credit.stream_id, state, first, items)

        try:
            run = self._host.streams.credit(credit, self._connection, say)
        except PyroError as problem:
            say(FAILED, 0, problem)
            return None
        if run is None:
            return None
        return Job(lambda: run(getattr(self.wire, "slice_s", None)))

    def _send_items(self, stream_id: str, state: int, first: int, items: Any) -> int:
        if state == FAILED:
            payload = encode_failure(
                self._serializer,
                items,
                self._version,
                trace=self._host.trace,
                max_bytes=self._host.settings.limits.max_message_bytes,
            )
        else:
            payload = self._serializer.encode_value(items)
        self.wire.send(pack_items(self._session.codec, self._serializer_id, stream_id, state, first, payload))
        return len(payload)

    def _gone(self) -> ConnectionClosedError:
        return ConnectionClosedError(
            f"the connection from {self._connection.peer} is gone, and with it the objects that it offered",
            peer=self._connection.peer,
        )
