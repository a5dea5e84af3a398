"""What a task awaits whose call is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any


class Answer:
    """Like an ``asyncio.Future`` for one task, which may go on as soon as the answer is there.

    A future would have the task wait for the next turn of the event loop, which costs as much as the call.

    Args:
        loop: The event loop.
    """

    __slots__ = ("_asyncio_future_blocking", "_context", "_error", "_loop", "_task_goes_on", "_value", "done")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._loop = loop
        self._task_goes_on: Callable[[Answer], object] | None = None
        self._context: Context | None = None
        self._value: Any = None
        self._error: BaseException | None = None
        self.done = False

    def settle(self, value: Any, error: BaseException | None = None, *, at_once: bool = False) -> None:
        """It is there; the second time nothing happens.

        Args:
            value: What is there.
            error: What to raise instead.
            at_once: Let the task run now. Only outside of all tasks.
        """
        if self.done:
            return
        self.done = True
        self._value = value
        self._error = error
        go_on = self._task_goes_on
        if go_on is not None:
            if at_once:
                assert self._context is not None
                self._context.run(go_on, self)
            else:
                self._loop.call_soon(go_on, self, context=self._context)

    # ---- what a task asks of a future

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.done:
            self._asyncio_future_blocking = True
            yield self
        if self._error is not None:
            raise self._error
        return self._value

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, callback: Callable[[Answer], object], *, context: Context) -> None:
        self._task_goes_on = callback
        self._context = context
        if self.done:
            self._loop.call_soon(callback, self, context=context)

    def cancel(self, msg: Any = None) -> bool:
        if self.done:
            return False
        self.settle(None, asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))
        return True

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value
