"""Waiting, in threads, for coroutines that an event loop of another thread carries out."""

import builtins
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextvars import copy_context
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from pyro_core.context import CallContext
from pyro_core.errors import CallCancelled, TimeoutError
from pyro_core.streams import QUICK_S

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
LOOK_S: Final = 1.0
"""How often a thread that waits looks whether the loop is still there."""


class LoopClosed(CallCancelled):
    """The event loop that was to carry something out is closed."""

    def __init__(self) -> None:
        super().__init__("the event loop that was to run this is closed")


class CoroutineRunner(Protocol):
    """Carries out awaitables for threads that wait for them."""

    def run(self, awaitable: Awaitable[T], call: CallContext | None) -> T:
        """Wait for an awaitable, in a thread that is not the loop's.

        Raises:
            CallCancelled: If the call was taken back meanwhile.
            TimeoutError: If the call's deadline passed.
            Exception: What the awaitable raises.
        """

    def close(self) -> None:
        """End what still runs."""


class LoopRunner:
    """Runs awaitables as tasks of an event loop that somebody else runs.

    Args:
        loop: The loop.
    """

    def __init__(self, loop: "asyncio.AbstractEventLoop") -> None:
        self.loop = loop

    def run(self, awaitable: Awaitable[T], call: CallContext | None) -> T:
        loop = self.loop
        done = threading.Event()
        tasks: list[asyncio.Task[T | Fatal]] = []
        left_s = call.remaining_s if call is not None else None

        def begin() -> None:
            task = loop.create_task(awaited(awaitable, left_s), context=context)
            tasks.append(task)
            task.add_done_callback(lambda _: done.set())
            if call is not None:
                call.when_cancelled(lambda: loop.call_soon_threadsafe(task.cancel))

        context = copy_context()
        try:
            loop.call_soon_threadsafe(begin)
        except RuntimeError:
            if isinstance(awaitable, Coroutine):
                awaitable.close()  # nobody will ever await it
            raise LoopClosed from None
        try:
            while not done.wait(LOOK_S):
                if loop.is_closed():
                    raise LoopClosed
        finally:
            if call is not None:
                call.when_cancelled(None)
        return task_result(tasks[0], call)

    def close(self) -> None:
        """The loop is somebody else's."""


class AsyncItems(Iterator[Any]):
    """Iterates over an asynchronous iterator from threads that may wait.

    Args:
        runner: Carries it out.
        items: The iterator.
    """

    def __init__(self, runner: CoroutineRunner, items: AsyncIterator[Any]) -> None:
        self.items = items
        self._runner = runner
        self._call = CallContext()  # that of nobody: what is waited for is cancelled through it

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return self._runner.run(anext(self.items), self._call)
        except StopAsyncIteration:
            raise StopIteration from None

    def take_many(self, count: int, sink: Callable[[Any], object]) -> None:
        """Hand over up to so many items, fewer if they come slowly.

        Args:
            count: How many.
            sink: Gets each, in the event loop's thread.

        Raises:
            StopIteration: After the last item.
        """
        try:
            self._runner.run(self._take_many(count, sink), self._call)
        except StopAsyncIteration:
            raise StopIteration from None

    async def _take_many(self, count: int, sink: Callable[[Any], object]) -> None:
        began_at = monotonic()
        for _ in range(count):
            sink(await anext(self.items))
            if monotonic() - began_at > QUICK_S:
                return

    def interrupt(self) -> None:
        """Cancel what makes the next item, if that is under way; there will be no other. From any thread."""
        self._call.cancel()

    def close(self) -> None:
        """Let an asynchronous generator run its ``finally`` blocks."""
        aclose: Callable[[], Awaitable[Any]] | None = getattr(self.items, "aclose", None)
        if aclose is not None:
            try:
                self._runner.run(aclose(), None)
            except LoopClosed:
                return  # it has ended its asynchronous generators itself


def task_result(task: "asyncio.Task[T | Fatal]", call: CallContext | None) -> T:
    """What became of a finished task of a call.

    Raises:
        CallCancelled: If it was cancelled because its caller took the call back.
        Exception: What it raised.
    """
    if task.cancelled():
        raise cancellation(call)
    result = task.result()
    if isinstance(result, Fatal):
        raise result.error
    return result


def cancellation(call: CallContext | None) -> CallCancelled:
    """What a call raises whose task was cancelled."""
    if call is not None and call.cancelled:
        return CallCancelled(f"the call of {call.method!r} was cancelled by its caller")
    return CallCancelled("the method was cancelled on the server")


class Fatal:
    """Stands for an error that would end the event loop if it left its task."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def awaited(awaitable: Awaitable[T], left_s: float | None) -> "T | Fatal":
    """Wait for the outcome of a method, for ``task_result``.

    Args:
        awaitable: What the method returned.
        left_s: Seconds that its caller still waits; None for any time.
    """
    import asyncio  # not at the top: servers without coroutines do without it

    try:
        async with asyncio.timeout(left_s) as limit:
            return await awaitable
    except (SystemExit, KeyboardInterrupt) as error:
        return Fatal(error)
    except builtins.TimeoutError:
        if limit.expired():
            raise TimeoutError("timeout: the caller's deadline passed while the method ran") from None
        raise
