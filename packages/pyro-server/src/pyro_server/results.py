"""What a method's result becomes before it is encoded."""

from typing import Any, Final

from pyro_core.context import CallContext
from pyro_core.errors import MessageTooLarge, SerializeError
from pyro_core.net.coroutines import AsyncItems, CoroutineRunner
from pyro_core.net.pump import finish
from pyro_server.answers import Answers
from pyro_server.sizes import rough_size

PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set})
"""Types of results that certainly are no iterators."""


def settled(coroutines: CoroutineRunner, result: Any, context: CallContext) -> Any:
    """What an awaitable gives when awaited, and an asynchronous iterator as a plain one."""
    kind = type(result)
    if hasattr(kind, "__await__"):
        result = coroutines.run(result, context)
        kind = type(result)
    if hasattr(kind, "__anext__"):
        return AsyncItems(coroutines, result)
    return result


def is_iterator(value: Any) -> bool:
    """Whether a result is to be streamed."""
    kind = type(value)
    return hasattr(kind, "__next__") and hasattr(kind, "__iter__")


class BatchResults:
    """Makes the results of one batch ready to be sent, one after the other, while it is run.

    Args:
        answers: Of the connection.
        coroutines: Awaits what is awaitable.
        context: The batch.
        may_stream: Whether the client knows item streams in batches.
        max_bytes: The most that the answer may be. A batch whose results would not fit ends before they
            fill the memory.
    """

    def __init__(
        self,
        answers: Answers,
        coroutines: CoroutineRunner,
        context: CallContext,
        *,
        may_stream: bool,
        max_bytes: int,
    ) -> None:
        self._answers = answers
        self._coroutines = coroutines
        self._context = context
        self._may_stream = may_stream
        self._max_bytes = max_bytes
        self._bytes = 0

    def finish(self, result: Any) -> Any:
        """Take the next result; gives what stands for it in the answer.

        Raises:
            Exception: What it raised when awaited.
            SerializeError: If it is an item stream, and the client knows no such thing.
            MessageTooLarge: If all of them together are too large.
        """
        if type(result) not in PLAIN:
            result = settled(self._coroutines, result, self._context)
            if is_iterator(result):
                if not self._may_stream:
                    raise stream_in_batch(result)
                return self._answers.stream_handle(result)
        self._bytes += rough_size(result, self._max_bytes)
        if self._bytes > self._max_bytes:
            raise MessageTooLarge(self._bytes, self._max_bytes, "results of the batch")
        return result


def stream_in_batch(items: Any) -> SerializeError:
    """The error for an item stream in a batch, whose caller knows no such thing; the stream is closed."""
    finish(items)
    return SerializeError(
        f"the call returned an iterator ({type(items).__name__}), which cannot be part of a batch with this "
        "client; make this call outside of a batch, or let the method return a list"
    )
