"""What a client offers to its server over its own connection: objects to be called, and streams of items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from uuid import uuid4

from pyro_core.calls import ObjectRef, StreamHandle
from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.duplex import FAILED, Credit, pack_items
from pyro_core.errors import CommunicationError, DaemonError, PyroError, SerializeError
from pyro_core.events import CallArrived, CancelArrived, CreditArrived
from pyro_core.members import members_of
from pyro_core.metadata import Metadata
from pyro_core.names import CALLBACK_HOST
from pyro_core.net.pump import Flusher, Pump
from pyro_core.remote_errors import TRACEBACK_ATTRIBUTE, descriptions
from pyro_core.streams import Maker
from pyro_core.uri import URI
from pyro_core.wire.message import EXCEPTION, ONEWAY, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Protocol

    from pyro_client.plans.connect import Connection
    from pyro_core.events import ClientEvent

    class Speaker(Protocol):
        """The dialogue on which something arrived."""

        connection: Connection

        def say(self, data: bytes, deadline: float | None = None) -> None: ...


WORKERS: Final = 16
"""Calls of a client's objects that run at the same time."""
MOST_STREAMS: Final = 1_000
"""Item streams that one client can have sent as arguments at the same time."""


class Offer:
    """One object that the server may call.

    Attributes:
        methods: Name -> what to call.
        callbacks: Names of methods whose errors are reported here too.
        oneway: Names of methods that the server does not wait for.
    """

    __slots__ = ("callbacks", "methods", "oneway")

    def __init__(self, target: Any, expose: Sequence[str]) -> None:
        self.methods: dict[str, Callable[..., Any]] = {}
        self.callbacks: frozenset[str] = frozenset()
        self.oneway: frozenset[str] = frozenset()
        members = members_of(type(target), expose) if not _is_plain(target) else None
        if members is not None and members.methods:
            bound = {name: method.bound_to(target, members.cls) for name, method in members.methods.items()}
            self.methods.update(bound)
            self.oneway = members.metadata.oneway
            self.callbacks = frozenset(name for name, method in members.methods.items() if method.callback)
        elif callable(target):
            self.methods["__call__"] = target
            self.callbacks = frozenset({"__call__"})
        else:
            raise DaemonError(
                f"cannot offer {target!r:.120}: its class exposes nothing, and it cannot be called; put "
                "@expose on its methods, or name them with expose=[...]"
            )


class Exports:
    """The objects and streams that one proxy offers. Thread-safe.

    Args:
        submit: Runs something in another thread, or task.
    """

    def __init__(self, submit: Callable[[Callable[[], object]], object] | None = None) -> None:
        self._offers: dict[str, Offer] = {}
        self._pumps: dict[str, Pump] = {}
        self._running: dict[tuple[int, int], CallContext] = {}
        self._lock = Lock()
        self._submit = submit
        self._flusher = Flusher()

    def __bool__(self) -> bool:
        return bool(self._offers or self._pumps)

    def offer(self, target: Any, expose: Sequence[str] = ()) -> ObjectRef:
        """Let the server call an object.

        Args:
            target: An object whose class exposes methods, or anything that can be called.
            expose: Names of methods to expose beside the decorated ones.

        Returns:
            What to give to the server, which finds a proxy in its place.

        Raises:
            DaemonError: If the object has nothing that could be called.
        """
        offer = Offer(target, expose)
        object_id = f"obj_{uuid4().hex}"
        self._offers[object_id] = offer
        metadata = Metadata(frozenset(offer.methods), offer.oneway)
        return ObjectRef(URI.for_location(object_id, host=CALLBACK_HOST, port=0), metadata)

    def withdraw(self, reference: ObjectRef) -> None:
        """Do not let the server call an object any more. An unknown one is no error."""
        self._offers.pop(str(reference.uri.object), None)

    def with_streams(
        self, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> tuple[Sequence[Any], Mapping[str, Any] | None] | None:
        """The arguments of a call with handles in place of iterators; None if there are none among them."""
        found = False

        def handled(value: Any) -> Any:
            nonlocal found
            kind = type(value)
            if hasattr(kind, "__next__") and hasattr(kind, "__iter__"):
                found = True
                return StreamHandle(self._make(value))
            return value

        new_args = [handled(value) for value in args]
        new_kwargs = {name: handled(value) for name, value in kwargs.items()} if kwargs else kwargs
        return (new_args, new_kwargs) if found else None

    def take(self, dialogue: Speaker, event: ClientEvent) -> None:
        """Deal with what the server says by itself. Never waits."""
        if isinstance(event, CallArrived):
            self.run_later(lambda: self._answer(dialogue, event.message))
        elif isinstance(event, CreditArrived):
            self._take_credit(dialogue, event.credit)
        elif isinstance(event, CancelArrived):
            context = self._running.get((id(dialogue), event.seq))
            if context is not None:
                context.cancel()

    def run_later(self, action: Callable[[], object]) -> None:
        """Have something done in another thread."""
        if self._submit is None:
            from concurrent.futures import ThreadPoolExecutor

            with self._lock:
                if self._submit is None:
                    self._submit = ThreadPoolExecutor(WORKERS, "pyro-callback").submit
        self._submit(action)

    def find(self, dialogue: Speaker, message: Message) -> tuple[Callable[..., Any], Any, CallContext]:
        """What a call of the server is for: the function, the decoded call and its context.

        Raises:
            DaemonError: If there is no such object.
            AttributeError: If it has no such method.
            SerializeError: If the call cannot be decoded.
        """
        connection = dialogue.connection
        call = invoked(connection, message)
        offer = self._offers.get(call.object_id)
        if offer is None:
            raise DaemonError(f"unknown object {call.object_id!r}: this client does not offer it (any more)")
        function = offer.methods.get(call.method)
        if function is None:
            raise AttributeError(f"attempt to access unexposed or unknown remote attribute {call.method!r}")
        context = CallContext(
            Caller(dialogue, None, connection.peer, connection.serializer.name, connection.version),
            message.seq,
            message.flags,
            message.annotations,
            message.correlation_id,
            object_id=call.object_id,
            method=call.method,
        )
        self._running[id(dialogue), message.seq] = context
        return function, call, context

    def finish(self, dialogue: Speaker, message: Message) -> None:
        """A call of the server is over."""
        self._running.pop((id(dialogue), message.seq), None)

    def failed(self, call: Any, error: BaseException) -> None:
        """Report the error of a callback here, too, where its method asks for it."""
        offer = self._offers.get(call.object_id)
        if offer is not None and call.method in offer.callbacks:
            import logging

            logging.getLogger("pyro_client.callbacks").error(
                "callback %r from the server failed", call.method, exc_info=error
            )

    def _answer(self, dialogue: Speaker, message: Message) -> None:
        """Run a call of the server in this thread, and send what comes of it."""
        call = None
        try:
            function, call, context = self.find(dialogue, message)
            token = enter_call(context)
            try:
                result = function(*call.args, **(call.kwargs or {}))
            finally:
                leave_call(token)
            data = answer_value(dialogue.connection, message, result)
        except BaseException as error:
            # SystemExit too: it is the answer to this call.
            if call is not None:
                self.failed(call, error)
            data = answer_error(dialogue.connection, message, error)
        finally:
            self.finish(dialogue, message)
        say_answer(dialogue, message, data)

    def _make(self, items: Iterator[Any]) -> str:
        stream_id = uuid4().hex
        with self._lock:
            if len(self._pumps) >= MOST_STREAMS:
                raise PyroError(f"{MOST_STREAMS} item streams are being sent already; let some of them end")
            self._pumps[stream_id] = Pump(Maker(stream_id), items, _not_asked_yet, self._flusher)
        return stream_id

    def _take_credit(self, dialogue: Speaker, credit: Credit) -> None:
        pump = self._pumps.get(credit.stream_id)
        if pump is None:
            return
        if credit.stop:
            del self._pumps[credit.stream_id]
            self.run_later(pump.stop)
            return

        def say(state: int, first: int, items: Any) -> int:
            connection = dialogue.connection
            payload = encoded_error(connection, items) if state == FAILED else None
            if payload is None:
                payload = connection.serializer.encode_value(items)
            dialogue.say(
                pack_items(
                    connection.session.codec,
                    connection.serializer_id,
                    credit.stream_id,
                    state,
                    first,
                    payload,
                )
            )
            return len(payload)

        pump.say = say
        if pump.credit(credit):
            self.run_later(lambda: _run(pump))


def invoked(connection: Connection, message: Message) -> Any:
    """The decoded call of a server's INVOKE."""
    return connection.serializer.decode_call(message.payload)


def answer_value(connection: Connection, message: Message, result: Any) -> bytes:
    """The bytes that answer a call of the server with a value. Raises SerializeError if it cannot travel."""
    if message.flags & ONEWAY:
        return b""
    return connection.session.answer(message, connection.serializer.encode_value(result))


def answer_error(connection: Connection, message: Message, error: BaseException) -> bytes:
    """The bytes that answer a call of the server with an exception."""
    if message.flags & ONEWAY:
        return b""
    return connection.session.answer(message, encoded_error(connection, error), EXCEPTION)


def encoded_error(connection: Connection, error: BaseException) -> bytes:
    """An exception as it travels, with its traceback, ever simpler until it can be encoded."""
    if TRACEBACK_ATTRIBUTE not in vars(error):
        import traceback

        vars(error)[TRACEBACK_ATTRIBUTE] = traceback.format_exception(error)
    for wire in (error, *descriptions(error, connection.version)):
        try:
            return connection.serializer.encode_value(wire)
        except SerializeError:
            continue
    return connection.serializer.encode_value(PyroError(f"{type(error).__name__}, which cannot be sent"))


def say_answer(dialogue: Speaker, message: Message, data: bytes) -> None:
    """Send the answer of a callback, if anybody is there to get it."""
    if data:
        try:
            dialogue.say(data)
        except CommunicationError:
            return  # the server that called is gone


def _run(pump: Pump) -> None:
    try:
        pump.run()
    except CommunicationError:
        return  # nobody is there to take the items


def _not_asked_yet(state: int, first: int, items: Any) -> int:
    raise PyroError(f"items of a stream (state {state}, number {first}) before anybody asked: {items!r:.80}")


def _is_plain(target: Any) -> bool:
    """Whether this is a function, bound method or the like, and no object with methods of its own."""
    return hasattr(type(target), "__get__") or type(target).__name__ in (
        "builtin_function_or_method",
        "method",
        "partial",
    )
