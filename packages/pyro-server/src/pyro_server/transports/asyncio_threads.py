"""Threads beside an event loop, for what must not run on it."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from pyro_server.transports.workers import WorkerPool

Done = Callable[[Any, BaseException | None], object]
"""Gets a result, or else what was raised instead."""


class LoopThreads:
    """Runs functions in a few threads, and hands over their results on the loop, many at a time.

    Cheaper than ``run_in_executor``, which makes two futures and wakes the loop for each.

    Args:
        name: Start of the threads' names.
        most: Number of threads at most.

    Attributes:
        flush: Called on the loop after some results were handed over.
    """

    def __init__(self, name: str, most: int) -> None:
        self.flush: Callable[[], object] = lambda: None
        self._pool = WorkerPool(name, most=most)
        self._results: deque[tuple[Done, Any, BaseException | None]] = deque()
        self._awake = False
        self._closed = False

    def is_mine(self) -> bool:
        """Whether the calling thread is one of these."""
        return self._pool.is_mine()

    @property
    def waiting(self) -> int:
        """How many functions wait for a thread."""
        return self._pool.waiting

    def run(self, function: Callable[[], Any], done: Done) -> None:
        """Run a function in a thread, in a copy of the current context; ``done`` is called on this loop.

        Raises:
            RuntimeError: If the system refuses to start a single thread.
        """
        work = (asyncio.get_running_loop(), copy_context().run, function, done)
        self._pool.submit(self._work, work)

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Await what a function gives that runs in a thread, in a copy of the current context."""
        future = asyncio.get_running_loop().create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.done():
                return  # cancelled
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.run(lambda: function(*args), done)
        return await future

    def __len__(self) -> int:
        """Number of threads."""
        return len(self._pool)

    def later(self, function: Callable[[], object]) -> None:
        """Run a function, because it may wait; here and now when there are no threads any more."""
        if not self._closed:
            try:
                self._pool.submit(_run, function)
            except RuntimeError:
                pass  # not a single thread can be started
            else:
                return
        function()

    def close(self, timeout_s: float) -> None:
        """End the threads as soon as nothing is left to do, and wait so long for that."""
        self._closed = True
        self._pool.stop()
        self._pool.join(timeout_s)

    def _work(self, work: tuple[asyncio.AbstractEventLoop, Any, Callable[[], Any], Done]) -> None:
        loop, run, function, done = work
        try:
            self._results.append((done, run(function), None))
        except BaseException as error:  # it is for who waits for the result
            self._results.append((done, None, error))
        if not self._awake:
            self._awake = True
            try:
                loop.call_soon_threadsafe(self._hand_over)
            except RuntimeError:
                return  # the loop has ended, and with it who waited

    def _hand_over(self) -> None:
        self._awake = False  # from here on, who has a result wakes us
        results = self._results
        while results:
            done, result, error = results.popleft()
            done(result, error)
        self.flush()


def _run(function: Callable[[], object]) -> None:
    function()
