"""The short way of usual calls on an event loop; like ``pyro_server.plain_calls``, which is for threads."""

from asyncio import CancelledError, Task, current_task, get_running_loop
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.net.coroutines import cancellation
from pyro_core.serializer import Serializer, check_call
from pyro_core.wire.message import INVOKE, Message
from pyro_server.plain_calls import AS_THEY_ARE, PlainCalls
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
        take_some: Gives numbers and payloads of the plain calls at the beginning of some bytes.
        start: Gives, for number and payload of a call, what runs it: a coroutine for the loop, or a function
            for a thread; both in a context of their own, and both give the answer. Or a ``Request``, if it is
            to go the longer way after all.
        admit: Gives the ``Request``.
    """

    __slots__ = ("admit", "start", "take_some")

    def __init__(self, plain: PlainCalls) -> None:
        self.take_some = plain.take_some
        self.admit = plain.admit
        self.start = _starter(plain)


def _starter(plain: PlainCalls) -> "Callable[[int, bytes], Started]":
    """Gives ``LoopCalls.start``."""
    engine, serializer, serializer_id, pack, most_bytes = plain.parts
    host, admit, serializer_name = engine.host, plain.admit, serializer.name
    connection, version = engine.connection, engine.connection.version
    caller = Caller(connection, host.daemon, connection.peer, serializer_name, version)
    requests, max_calls, loop = engine.under_way, engine.max_calls, get_running_loop()
    by_id, encode_value = host.objects.by_id, serializer.encode_value
    unchecked = type(serializer).decode_call is Serializer.decode_call
    decode = serializer.decode_value if unchecked else serializer.decode_call

    def message_of(seq: int, payload: bytes) -> Message:
        return Message(INVOKE, serializer_id, seq, payload, version=version)

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
        if function is None:
            return admit(seq, payload)
        context.object_id = object_id
        context.method = name
        if requests is not None:
            requests[seq] = context
        if entry.members.methods[name].asynchronous:
            return awaited(seq, payload, context, function, args, kwargs)
        return lambda: run(seq, payload, context, function, args, kwargs)

    async def awaited(
        seq: int,
        payload: bytes,
        context: CallContext,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> Any:
        enter_call(context)
        if requests is not None:
            task = current_task(loop)
            context.when_cancelled(lambda: loop.call_soon_threadsafe(cancel, seq, context, task))
        try:
            result = function(*args, **kwargs) if kwargs else function(*args)
            while type(result) is CoroutineType or hasattr(type(result), "__await__"):
                result = await result
            return answer(seq, payload, context, result)
        except CancelledError:
            return failed(seq, payload, context, cancellation(context))
        except BaseException as error:
            return failed(seq, payload, context, error)
        finally:
            if requests is not None:
                requests.pop(seq, None)

    def cancel(seq: int, context: CallContext, task: Task[Any] | None) -> None:
        if task is not None and requests is not None and requests.get(seq) is context:
            task.cancel()  # else it has other things to do

    def run(
        seq: int,
        payload: bytes,
        context: CallContext,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> Any:
        enter_call(context)
        try:
            context.raise_if_cancelled()  # it may have waited for a thread
            result = function(*args, **kwargs) if kwargs else function(*args)
            return answer(seq, payload, context, result)
        except BaseException as error:
            return failed(seq, payload, context, error)
        finally:
            if requests is not None:
                requests.pop(seq, None)

    def answer(seq: int, payload: bytes, context: CallContext, result: Any) -> Any:
        if type(result) in AS_THEY_ARE and context.adds_nothing:
            encoded = encode_value(result)
            if len(encoded) <= most_bytes:
                return pack(seq, encoded)
        return engine.complete(Request(message_of(seq, payload), False), serializer, context, result)

    def failed(seq: int, payload: bytes, context: CallContext, error: BaseException) -> Any:
        return engine.failed(message_of(seq, payload), serializer, error, context)

    return start
