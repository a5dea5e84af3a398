"""Running coroutines on an event loop at once, where most of them end without ever waiting."""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any


class EagerTasks:
    """Begins coroutines at once, each in a real task and in a context of its own.

    Making a task for each would cost more than most of them do. So there is one in reserve, as which a
    coroutine begins; only if it waits for something, the task is given to it, and it goes on there. What
    ``asyncio.current_task`` gives is the same from its first line to its last.

    For one event loop, in whose thread everything is to be called.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop
        self._reserve: asyncio.Task[Any] | None = None
        self._rest: _Rest

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine until it ends or waits: gives its result, or the task in which it goes on.

        Raises:
            Exception: What it raised.
        """
        task = self._reserve
        if task is None or task.cancelling():
            task = self._renew()
        loop, context = self._loop, copy_context()
        try:
            _enter_task(loop, task)
        except RuntimeError:  # we are called inside of another task
            return loop.create_task(coroutine)
        try:
            awaited = context.run(coroutine.send, None)
        except StopIteration as end:
            return end.value
        finally:
            _leave_task(loop, task)
        self._reserve = None
        self._rest.take(coroutine, context, awaited)
        return task

    def close(self) -> None:
        """Let go of the task in reserve."""
        if self._reserve is not None:
            self._reserve.cancel()
            self._reserve = None

    def _renew(self) -> asyncio.Task[Any]:
        self._loop = asyncio.get_running_loop()
        self._rest = _Rest(self._loop.create_future)
        # Not by the loop's task factory: that one may do with it what it likes.
        self._reserve = asyncio.Task(self._rest, loop=self._loop, name="pyro-call")
        return self._reserve


class _Rest(Coroutine[Any, Any, Any]):
    """What a task runs whose coroutine is known later, and has begun elsewhere by then.

    Args:
        create_future: Makes what it waits for as long as there is no coroutine.
    """

    __slots__ = ("_awaited", "_begun", "_coroutine", "_create_future", "_run")

    def __init__(self, create_future: Callable[[], asyncio.Future[Any]]) -> None:
        self._create_future = create_future
        self._coroutine: Coroutine[Any, Any, Any] | None = None
        self._begun: asyncio.Future[Any] | None = None
        self._awaited: Any = None
        self._run: Callable[..., Any]

    def take(self, coroutine: Coroutine[Any, Any, Any], context: Context, awaited: Any) -> None:
        """Go on with a coroutine.

        Args:
            coroutine: It has been begun.
            context: It runs there.
            awaited: What it waits for first.
        """
        self._coroutine = coroutine
        self._run = context.run
        self._awaited = (awaited,)
        if self._begun is not None and not self._begun.done():
            self._begun.set_result(None)

    def send(self, value: Any) -> Any:
        """The next step, for the task."""
        if self._coroutine is None:
            self._begun = self._create_future()
            return self._blocking(self._begun)
        if self._awaited:
            (awaited,), self._awaited = self._awaited, None
            return awaited
        return self._run(self._coroutine.send, value)

    def throw(self, kind: Any, value: Any = None, trace: Any = None) -> Any:
        """The next step is to raise an exception: the task was cancelled, for example."""
        error = kind if value is None else value
        if self._coroutine is None:
            raise error
        if self._awaited:  # cancelled between its beginning elsewhere and its first step here
            (awaited,), self._awaited = self._awaited, None
            if isinstance(error, asyncio.CancelledError) and asyncio.isfuture(awaited) and awaited.cancel():
                return awaited
        return self._run(self._coroutine.throw, error)

    def close(self) -> None:
        """Nobody will go on with it."""
        if self._coroutine is not None:
            self._coroutine.close()

    def __await__(self) -> Any:
        raise TypeError("this is for a task, and not to be awaited")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)  # who looks at the task's stack means the coroutine's

    @staticmethod
    def _blocking(future: asyncio.Future[Any]) -> asyncio.Future[Any]:
        future._asyncio_future_blocking = True
        return future
