"""What a RESULT says: the value, or the exception to raise."""

from __future__ import annotations

from pyro_core.bulk import lower_value, split
from pyro_core.call_ids import UNKNOWN
from pyro_core.calls import StreamHandle
from pyro_core.delivery import delivered
from pyro_core.errors import EXECUTED, MAYBE_EXECUTED, NOT_EXECUTED, RemoteError, SerializeError
from pyro_core.names import ANNOTATION_BUFFERS, ANNOTATION_DELIVERY, ANNOTATION_STREAM
from pyro_core.remote_errors import rebuild, remote_traceback_lines, safe_str
from pyro_core.wire.message import EXCEPTION, STREAM, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_core.serializer import Serializer


def outcome(serializer: Serializer, message: Message) -> Any:
    """What an answer says: gives the value, or raises the exception.

    Not to be called inside of a generator or coroutine, because the exception may be a ``StopIteration``:
    that is what ``outcome_for_coroutine`` is for.

    Args:
        serializer: Of the answer.
        message: The answer.

    Returns:
        The value; for an iterator a ``StreamHandle``; for a batch the list of its results.

    Raises:
        Exception: The remote one.
        SerializeError: If it cannot be decoded; the connection is fine.
    """
    flags = message.flags
    if flags & STREAM:
        stream_id = message.annotations.get(ANNOTATION_STREAM)
        return StreamHandle(None if stream_id is None else bytes(stream_id).decode("ascii", "replace"))
    if flags & EXCEPTION:
        error = as_error(serializer.decode_error(message.payload))
        told = message.annotations.get(ANNOTATION_DELIVERY)
        if told is not None:
            delivered(error, MAYBE_EXECUTED if told == UNKNOWN else NOT_EXECUTED)
        raise error
    buffers = message.annotations.get(ANNOTATION_BUFFERS)
    try:
        if buffers is None:
            return serializer.decode_value(message.payload)
        body, beside = split(message.payload, buffers)
        return lower_value(serializer.decode_value(body), beside)
    except SerializeError as problem:
        delivered(problem, EXECUTED)
        raise


def outcome_for_coroutine(serializer: Serializer, message: Message) -> Any:
    """Like ``outcome``, for generators and coroutines, where ``StopIteration`` must not be raised."""
    try:
        return outcome(serializer, message)
    except (StopIteration, StopAsyncIteration) as end:
        raise disguised(end) from end


def as_error(value: object) -> BaseException:
    """The exception to raise for a decoded one: never one that would end this process."""
    if isinstance(value, Exception):
        return value
    if isinstance(value, BaseException):
        return disguised(value)
    if isinstance(value, dict) and value.get("__exception__"):  # of a format that rebuilds no classes
        return rebuild(value)
    return RemoteError("unknown exception", repr(value), (value,))


def disguised(error: BaseException) -> RemoteError:
    """A ``RemoteError`` that tells what an exception was which must not be raised here."""
    kind = type(error)
    stand_in = RemoteError(
        f"{kind.__module__}.{kind.__qualname__}", ", ".join(map(safe_str, error.args)), error.args
    )
    stand_in._pyroTraceback = remote_traceback_lines(error)
    return stand_in
