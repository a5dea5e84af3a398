"""Running ``async def`` methods for transports that have threads and no event loop."""

import asyncio
import builtins
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import copy_context
from typing import Any, Protocol, Self, TypeVar

from pyro_core.context import CallContext
from pyro_core.errors import CallCancelled, TimeoutError

T = TypeVar("T")

STOP_S = 5.0
"""How long ``close`` waits for the loop's thread."""


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

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def run(self, awaitable: Awaitable[T], call: CallContext | None) -> T:
        loop = self.loop
        done = threading.Event()
        tasks: list[asyncio.Task[T | _Fatal]] = []
        left_s = call.remaining_s if call is not None else None

        def begin() -> None:
            task = loop.create_task(awaited(awaitable, left_s), context=context)
            tasks.append(task)
            task.add_done_callback(lambda _: done.set())
            if call is not None:
                call.when_cancelled(lambda: loop.call_soon_threadsafe(task.cancel))

        context = copy_context()
        loop.call_soon_threadsafe(begin)
        done.wait()
        if call is not None:
            call.when_cancelled(None)
        return task_result(tasks[0], call)

    def close(self) -> None:
        """The loop is somebody else's."""


class BackgroundLoop:
    """Runs awaitables on an event loop in a thread of its own, which starts when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runner: LoopRunner | None = None
        self._thread: threading.Thread | None = None

    def run(self, awaitable: Awaitable[T], call: CallContext | None) -> T:
        return self._started().run(awaitable, call)

    def close(self) -> None:
        with self._lock:
            runner, self._runner = self._runner, None
            thread = self._thread
        if runner is not None and thread is not None:
            runner.loop.call_soon_threadsafe(runner.loop.stop)
            if thread is not threading.current_thread():
                thread.join(STOP_S)

    def _started(self) -> LoopRunner:
        with self._lock:
            if self._runner is None:
                loop = asyncio.new_event_loop()
                self._runner = LoopRunner(loop)
                self._thread = threading.Thread(target=_serve, args=(loop,), name="pyro-asyncio", daemon=True)
                self._thread.start()
            return self._runner


class AsyncItems(Iterator[Any]):
    """Iterates over an asynchronous iterator from threads that may wait.

    Args:
        runner: Carries it out.
        items: The iterator.
    """

    def __init__(self, runner: CoroutineRunner, items: AsyncIterator[Any]) -> None:
        self.items = items
        self._runner = runner

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        try:
            return self._runner.run(anext(self.items), None)
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Let an asynchronous generator run its ``finally`` blocks."""
        aclose: Callable[[], Awaitable[Any]] | None = getattr(self.items, "aclose", None)
        if aclose is not None:
            self._runner.run(aclose(), None)


def task_result(task: "asyncio.Task[T | _Fatal]", call: CallContext | None) -> T:
    """What became of a finished task of a call.

    Raises:
        CallCancelled: If it was cancelled because its caller took the call back.
        Exception: What it raised.
    """
    if task.cancelled():
        if call is not None and call.cancelled:
            raise CallCancelled(f"the call of {call.method!r} was cancelled by its caller")
        raise CallCancelled("the method was cancelled on the server")
    result = task.result()
    if isinstance(result, _Fatal):
        raise result.error
    return result


class _Fatal:
    """Stands for an error that would end the event loop if it left its task."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def awaited(awaitable: Awaitable[T], left_s: float | None) -> "T | _Fatal":
    """Wait for the outcome of a method, for ``task_result``.

    Args:
        awaitable: What the method returned.
        left_s: Seconds that its caller still waits; None for any time.
    """
    try:
        async with asyncio.timeout(left_s) as limit:
            return await awaitable
    except (SystemExit, KeyboardInterrupt) as error:
        return _Fatal(error)
    except builtins.TimeoutError:
        if limit.expired():
            raise TimeoutError("timeout: the caller's deadline passed while the method ran") from None
        raise


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
