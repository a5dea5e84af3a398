"""Results that come later: remote calls, and local ones, that run in other threads."""

from __future__ import annotations

import concurrent.futures
import contextvars
import logging
import sys
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pyro_client.callbacks import call_back
from pyro_client.pool import POOL

if TYPE_CHECKING:
    from pyro_client.control import Control
    from pyro_client.pool import Job

T = TypeVar("T")
R = TypeVar("R")


class Future(concurrent.futures.Future[T]):
    """The result of a call that was submitted: there, still to come, or an exception.

    A ``concurrent.futures.Future``, so that ``concurrent.futures.wait`` and ``asyncio.wrap_future`` take it.
    The work is done in a few threads that all futures of the process share: do not wait for one future inside
    of the work of another, use ``then``. The threads end with the process, also in the middle of a call.

    The error of a future that nobody ever looked at is logged, by ``pyro_client.futures``. A future belongs
    to the process that made it: in the child of a fork, one that was under way never comes.
    """

    # How every future begins; here, because most never change most of it.
    _begun = False  # the work, or the end without any work
    _work: Callable[[], T] | None = None
    _start: Callable[[Job], object] = POOL.run
    _could_begin_at = 0.0
    _delay_s = 0.0
    _seen = False
    _cancel_running: Callable[[], bool] | None = None  # asks the work to stop; whether it could

    def __init__(self) -> None:
        super().__init__()
        self._gate = Lock()

    def then(self, function: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """A future of what a function makes of the result.

        Args:
            function: Called with the result, in another thread, when it is there. Without a result it is not
                called: the new future then ends with the same exception, or is cancelled like this one.
            args: More positional arguments for the function.
            kwargs: Keyword arguments for it.
        """
        following: Future[R] = Future()
        call: Callable[..., R] = partial(contextvars.copy_context().run, function)
        self._when_done(partial(_go_on, following, call, args, kwargs))
        return following

    def iferror(self, handler: Callable[[BaseException], object]) -> Self:
        """Have a function called if this future ends with an exception; gives the same future.

        Args:
            handler: Called with the exception, in another thread. What it raises is logged, like the error of
                any future that nobody looks at.
        """
        call: Callable[[BaseException], object] = partial(contextvars.copy_context().run, handler)  # type: ignore[call-arg]
        self._when_done(partial(_go_on_after_error, call))
        return self

    def delay(self, seconds: float) -> bool:
        """Let the work begin so much later than it could have begun; False if it has begun already.

        Args:
            seconds: Counted from when the call was submitted, or from when the result is there that it is to
                work on.
        """
        if not seconds >= 0:
            raise ValueError(f"a delay is a number of seconds, 0 or more; got {seconds!r}")
        with self._gate:
            if self._begun:
                return False
            self._delay_s = seconds
            return True

    def cancel(self) -> bool:
        """See to it that the work is not done; False if it is too late for that.

        It is not before the work begins. A remote call that is under way is taken back if the server is one
        of ours: the future then ends with ``CallCancelled``, or with the result if the method did not care.
        """
        if self._claim():
            self._work = None
            super().cancel()
            self.set_running_or_notify_cancel()  # so that those who wait for several futures see it now
        elif not self.done() and self._cancel_running is not None:
            return self._cancel_running()
        return self.cancelled()

    def running(self) -> bool:
        """Whether its work has begun, and has not ended."""
        return self._begun and not self.done()

    def result(self, timeout: float | None = None) -> T:
        """The result, as soon as it is there.

        Args:
            timeout: The most seconds to wait; None for any time.

        Raises:
            Exception: What the call raised.
            TimeoutError: If there is no result in time; this is Python's own.
            concurrent.futures.CancelledError: If the future was cancelled.
        """
        self._seen = True
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the call raised, as soon as it has ended; None if it has a result. Else like ``result``."""
        self._seen = True
        return super().exception(timeout)

    def add_done_callback(self, fn: Callable[[concurrent.futures.Future[T]], object]) -> None:
        """Have a function called with this future when it is done, at once if it is done already."""
        self._when_done(partial(call_back, fn))

    def _when_done(self, fn: Callable[[concurrent.futures.Future[T]], object]) -> None:
        """The same for a function that never waits."""
        self._seen = True
        super().add_done_callback(fn)

    def __del__(self) -> None:
        if not self._seen and self.done() and not self.cancelled() and not sys.is_finalizing():
            error = super().exception()
            if error is not None:
                logging.getLogger("pyro_client.futures").error(
                    "a call failed and nobody asked for its result: use result(), then() or iferror()",
                    exc_info=error,
                )

    def _submit(self, work: Callable[[], T], start: Callable[[Job], object] = POOL.run) -> None:
        """Do the work when its time has come.

        Args:
            work: Gives the result.
            start: Has a job run in another thread.
        """
        with self._gate:
            if self._begun:
                return
            self._work = work
            self._start = start
            self._could_begin_at = POOL.clock()
        self._launch()

    def _launch(self) -> None:
        left_s = self._could_begin_at + self._delay_s - POOL.clock()
        try:
            if left_s > 0:
                POOL.run(self._launch, delay_s=left_s)
            else:
                self._start(self._run)
        except Exception as problem:  # too many are waiting
            self._fail(problem)

    def _run(self) -> None:
        with self._gate:
            work = self._work
            if self._begun or work is None:
                return
            is_time = self._could_begin_at + self._delay_s <= POOL.clock()
            self._begun = is_time
        if not is_time:
            self._launch()
            return
        self._work = None
        self.set_running_or_notify_cancel()
        try:
            result = work()
        except BaseException as problem:
            self.set_exception(problem)
            del self, work  # the traceback knows this frame: nothing is to live on because of that
        else:
            self.set_result(result)

    def _begins_now(self) -> bool | None:
        """Claim it for work that begins now: False if it was cancelled before, None if it shall wait."""
        with self._gate:
            if self._begun or self._delay_s:
                return False if self._begun else None
            self._begun = True
        return True

    def _fail(self, problem: BaseException) -> None:
        """End with an exception instead of doing the work."""
        if self._claim():
            self._work = None
            self.set_running_or_notify_cancel()
            self.set_exception(problem)

    def _claim(self) -> bool:
        """Whether the caller is the one to decide what becomes of it."""
        with self._gate:
            begun, self._begun = self._begun, True
            return not begun


class Task:
    """A callable that is to run later in another thread, with what is to be done afterwards.

    ``Task(function).then(other)(argument)`` starts it and gives a ``Future``. A remote method is as good as
    any function. A task can be started once.

    Args:
        function: What to call.
        start: Has a job run in another thread; by default in those that all futures share.

    Raises:
        TypeError: If it cannot be called.
    """

    __slots__ = ("_first", "_function", "_handlers", "_last", "_start", "_started")

    def __init__(self, function: Callable[..., Any], *, start: Callable[[Job], object] = POOL.run) -> None:
        if not callable(function):
            raise TypeError(f"a task needs something to call, got {function!r:.120}")
        self._function = function
        self._start = start
        self._first: Future[Any] = Future()
        self._last: Future[Any] = self._first
        self._handlers: list[Callable[[BaseException], object]] = []
        self._started = False

    def then(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Self:
        """Call another function with the result, and so on; see ``Future.then``. Gives the same task."""
        self._check_unused()
        self._last = self._last.then(function, *args, **kwargs)
        return self

    def iferror(self, handler: Callable[[BaseException], object]) -> Self:
        """Have a function called with what any of the functions raises. Gives the same task."""
        self._check_unused()
        self._handlers.append(handler)
        return self

    def delay(self, seconds: float) -> bool:
        """Wait so many seconds after it was started; False if it runs already, or has been cancelled."""
        return self._first.delay(seconds)

    def cancel(self) -> bool:
        """Never call the function; False if it runs already."""
        return self._first.cancel()

    def __call__(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start it.

        Args:
            args: Positional arguments for the function.
            kwargs: Keyword arguments for it.

        Returns:
            Of the result of the last function.

        Raises:
            RuntimeError: If it was started or cancelled before.
        """
        self._check_unused()
        self._started = True
        for handler in self._handlers:
            self._last.iferror(handler)
        work = partial(contextvars.copy_context().run, self._function, *args, **kwargs)
        self._first._submit(work, self._start)
        return self._last

    def _check_unused(self) -> None:
        if self._started:
            raise RuntimeError("this task was started already: make another one to call the function again")
        if self._first.cancelled():
            raise RuntimeError("this task was cancelled: make another one to call the function")


class FutureCalls:
    """``proxy._pyro.futures``: its methods are those of the remote object, and give futures.

    Args:
        control: Makes the calls.
    """

    __slots__ = ("_control",)

    def __init__(self, control: Control) -> None:
        self._control = control

    def __getattr__(self, name: str) -> Callable[..., Future[Any]]:
        if name.startswith("_"):
            raise AttributeError(f"{name!r} is private: only public names can be remote members", name=name)
        self._control._check_method(name)
        return partial(self._control.submit, name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._control.metadata.methods})

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} for {self._control.uri}>"


def submit(
    work: Callable[[], T], start: Callable[[Job], object], revoke: Callable[[], bool] | None = None
) -> Future[T]:
    """A future of what a function gives, with the calling thread's call context.

    Args:
        work: The function.
        start: Has a job run in another thread.
        revoke: Asks for the end of the work while it is under way; tells whether it could.
    """
    future: Future[T] = Future()
    future._cancel_running = revoke
    future._submit(partial(contextvars.copy_context().run, work), start)
    return future


def watched(future: Future[T], handler: Callable[[BaseException], object]) -> Future[T]:
    """A future that ends as another one does, after a function was called with its exception, if it has one.

    Args:
        future: The other one.
        handler: Called with the exception, in another thread.
    """
    following: Future[T] = Future()

    def outcome(done: concurrent.futures.Future[T]) -> T:
        problem = done.exception()
        if problem is None:
            return done.result()
        handler(problem)
        raise problem

    def go_on(done: concurrent.futures.Future[T]) -> None:
        if done.cancelled():
            following.cancel()
        else:
            following._submit(partial(outcome, done))

    future._when_done(go_on)
    return following


def settle(future: Future[T], value: T | None = None, *, error: BaseException | None = None) -> None:
    """End a future that no work was given to.

    Args:
        future: The future.
        value: Its result.
        error: What it raises instead.
    """
    if error is not None:
        future._fail(error)
    elif future._claim():
        future.set_running_or_notify_cancel()
        future.set_result(value)  # type: ignore[arg-type]


def _go_on(
    following: Future[R],
    call: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    done: concurrent.futures.Future[Any],
) -> None:
    """A future is done: go on with what follows it."""
    if done.cancelled():
        following.cancel()
        return
    problem = done.exception()
    if problem is not None:
        following._fail(problem)
    else:
        following._submit(partial(call, done.result(), *args, **kwargs))


def _go_on_after_error(call: Callable[[BaseException], object], done: concurrent.futures.Future[Any]) -> None:
    """A future is done: tell who handles its error, if it has one."""
    if not done.cancelled():
        problem = done.exception()
        if problem is not None:
            Future[object]()._submit(partial(call, problem))
