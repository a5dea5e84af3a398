"""The short way of usual calls on an event loop; like ``pyro_server.plain_calls``, which is for threads."""

from asyncio import CancelledError, Task, get_running_loop
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pyro_core.bulk import stays_whole
from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.net.coroutines import cancellation
from pyro_core.serializer import Serializer, check_call
from pyro_core.wire.message import INVOKE, Message
from pyro_server.plain_calls import AS_THEY_ARE, CONTAINERS, PlainCalls
from pyro_server.requests import Request

if TYPE_CHECKING:
    Started = Coroutine[Any, Any, Any] | Callable[[], Any] | Request

LARGE_BYTES: Final = 1 << 16
"""Requests larger than this are decoded in a thread, so that the loop goes on meanwhile."""


class LoopCalls:
    """The plain calls of one connection, for who runs them on an event loop.

    Args:
        plain: The same for threads.

    Attributes:
        take: Gives number and payload of a plain call, if some bytes are exactly that.
        take_some: Gives numbers and payloads of the plain calls at the beginning of some bytes.
        start: Gives, for number and payload of a call, what runs it: a coroutine for the loop, or a function
            for a thread; both in a context of their own, and both give the answer. Or a ``Request``, if it is
            to go the longer way after all.
        admit: Gives the ``Request``.
    """

    __slots__ = ("_loop", "_requests", "admit", "start", "take", "take_some")

    def __init__(self, plain: PlainCalls) -> None:
        self.take = plain.take
        self.take_some = plain.take_some
        self.admit = plain.admit
        self.start = _starter(plain)
        self._loop = get_running_loop()
        self._requests: dict[int, Any] | None = plain.requests

    def waits(self, seq: int, task: Task[Any]) -> None:
        """A call goes on in a task, and can be taken back from now on."""
        context = None if self._requests is None else self._requests.get(seq)
        if context is not None:
            soon = self._loop.call_soon_threadsafe
            context.when_cancelled(lambda: soon(self._cancel, seq, context, task))

    def _cancel(self, seq: int, context: CallContext, task: Task[Any]) -> None:
        if self._requests is not None and self._requests.get(seq) is context:
            task.cancel()  # else it has other things to do


def _starter(plain: PlainCalls) -> "Callable[[int, bytes], Started]":
    """Gives ``LoopCalls.start``."""
    engine, (serializer, *_) = plain.engine, plain.shared
    host, admit, serializer_name = engine.host, plain.admit, serializer.name
    connection, version = engine.connection, engine.connection.version
    caller = Caller(connection, host.daemon, connection.peer, serializer_name, version)
    requests, max_calls, by_id = engine.under_way, engine.max_calls, host.dispatcher.unguarded
    unchecked = type(serializer).decode_call is Serializer.decode_call
    decode = serializer.decode_value if unchecked else serializer.decode_call
    on_loop, in_thread = _runners(plain)

    def start(seq: int, payload: bytes) -> "Started":
        if (
            host.draining
            or (requests is not None and len(requests) >= max_calls)
            or len(payload) > LARGE_BYTES
        ):
            return admit(seq, payload)
        context = CallContext(caller, seq)
        token = enter_call(context)
        try:
            call = decode(payload)
            if unchecked:
                check_call(call, serializer_name)
        except BaseException:
            return admit(seq, payload)  # fails there again, and is answered
        finally:
            leave_call(token)
        object_id, name, args, kwargs = call
        entry = by_id.get(object_id)
        function = None if entry is None else entry.bound.get(name)
        method = None if entry is None or function is None else entry.members.methods.get(name)
        if method is None:
            return admit(seq, payload)
        context.object_id = object_id
        context.method = name
        if requests is not None:
            requests[seq] = context
        if method.asynchronous:
            return on_loop(seq, payload, context, function, args, kwargs)
        return lambda: in_thread(seq, payload, context, function, args, kwargs)

    return start


def _runners(plain: PlainCalls) -> tuple[Callable[..., Coroutine[Any, Any, Any]], Callable[..., Any]]:
    """What runs ``async def`` methods, and what runs others; both give the answer."""
    engine, (serializer, serializer_id, pack, most_bytes) = plain.engine, plain.shared
    requests, version = engine.under_way, engine.connection.version
    encode_value = serializer.encode_value
    message_of = partial(Message, INVOKE, serializer_id, version=version)

    async def on_loop(
        seq: int, payload: bytes, context: CallContext, function: Any, args: Any, kwargs: Any
    ) -> Any:
        enter_call(context)
        try:
            result = function(*args, **kwargs) if kwargs else function(*args)
            while type(result) not in AS_THEY_ARE and hasattr(type(result), "__await__"):
                result = await result
            return answer(seq, payload, context, result)
        except CancelledError:
            return engine.failed(message_of(seq, payload), serializer, cancellation(context), context)
        except BaseException as error:
            return engine.failed(message_of(seq, payload), serializer, error, context)
        finally:
            if requests is not None:
                requests.pop(seq, None)

    def in_thread(
        seq: int, payload: bytes, context: CallContext, function: Any, args: Any, kwargs: Any
    ) -> Any:
        enter_call(context)
        try:
            context.raise_if_cancelled()  # it may have waited for a thread
            return answer(seq, payload, context, function(*args, **kwargs) if kwargs else function(*args))
        except BaseException as error:
            return engine.failed(message_of(seq, payload), serializer, error, context)
        finally:
            if requests is not None:
                requests.pop(seq, None)

    def answer(seq: int, payload: bytes, context: CallContext, result: Any) -> Any:
        kind = type(result)
        if (kind in AS_THEY_ARE or (kind in CONTAINERS and stays_whole(result))) and context.adds_nothing:
            encoded = encode_value(result)
            if len(encoded) <= most_bytes:
                return pack(seq, encoded)
            return engine.answers.value(message_of(seq, payload), encoded, 0, context)
        return engine.complete(Request(message_of(seq, payload), False), serializer, context, [result])

    return on_loop, in_thread
