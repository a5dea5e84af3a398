"""Results that come later, as Pyro4 has them."""

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any, Self

from pyro_client import futures as native

__all__ = ["Future", "FutureResult"]


def in_own_thread(job: Callable[[], object]) -> None:
    """Run a job in a thread of its own, which keeps no program from ending."""
    Thread(target=job, name="pyro4-future", daemon=True).start()


class FutureResult:
    """The result of an asynchronous call: there, still to come, or an exception.

    Args:
        future: Of the call; None for one whose value will be set by hand.
    """

    def __init__(self, future: "native.Future[Any] | None" = None) -> None:
        self._first = self._last = native.Future[Any]() if future is None else future

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the result; tells whether it is there.

        Args:
            timeout: The most seconds to wait; None for any time.
        """
        try:
            self._last.exception(timeout)
        except CancelledError:
            return True
        except TimeoutError:
            return False
        return True

    @property
    def ready(self) -> bool:
        """Whether the result is there."""
        return self._last.done()

    @property
    def value(self) -> Any:
        """The result, as soon as it is there; raises what the call raised."""
        try:
            return self._last.result()
        except CancelledError:
            raise RuntimeError("future has been cancelled") from None

    def get_value(self) -> Any:
        """The same as ``value``."""
        return self.value

    def set_value(self, value: Any) -> None:
        """Give the result by hand: a value, or an exception in a wrapper."""
        if isinstance(value, _ExceptionWrapper):
            native.settle(self._first, error=value.exception)
        else:
            native.settle(self._first, value)

    def set_cancelled(self) -> None:
        """There will be no result."""
        self._first.cancel()

    def then(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Call a function with the result, whose own result takes its place."""
        self._last = self._last.then(call, *args, **kwargs)
        return self

    def iferror(self, errorhandler: Callable[[BaseException], Any]) -> Self:
        """Call a function with the exception, if there is one, before anybody else sees it."""
        self._last = native.watched(self._last, errorhandler)
        return self


class Future:
    """A function that is to be called in another thread, with a chain of what is to be done afterwards.

    Args:
        somecallable: The function.
    """

    def __init__(self, somecallable: Callable[..., Any]) -> None:
        self._task = native.Task(somecallable, start=in_own_thread)
        self._chain: list[Callable[[FutureResult], FutureResult]] = []
        self._state = ""

    def __call__(self, *args: Any, **kwargs: Any) -> FutureResult:
        """Start it; once only."""
        if self._state:
            raise RuntimeError(f"the future has already been {self._state}")
        self._state = "evaluated"
        result = FutureResult(self._task(*args, **kwargs))
        for link in self._chain:
            link(result)
        return result

    def delay(self, seconds: float) -> bool:
        """Start that many seconds later; False if it runs already."""
        return self._task.delay(seconds)

    def cancel(self) -> bool:
        """Do not start it; False if it runs already."""
        cancelled = self._task.cancel()
        if cancelled and not self._state:
            self._state = "cancelled"
        return cancelled

    def then(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Call another function with the result, and so on."""
        self._chain.append(lambda result: result.then(call, *args, **kwargs))
        return self

    def iferror(self, errorhandler: Callable[[BaseException], Any]) -> Self:
        """Call a function with the exception of what stands before it in the chain."""
        self._chain.append(lambda result: result.iferror(errorhandler))
        return self


class _ExceptionWrapper:
    """Stands for an exception where a value is expected, such as in the results of a batch."""

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception

    def raiseIt(self) -> Any:
        """Raise it."""
        raise self.exception

    def __serialized_dict__(self) -> dict[str, Any]:
        from Pyro4.util import SerializerBase

        return {
            "__class__": "Pyro4.futures._ExceptionWrapper",
            "exception": SerializerBase.class_to_dict(self.exception),
        }


def in_background(work: Callable[[], Any]) -> FutureResult:
    """The result of something that is done in a thread of its own.

    Args:
        work: Gives the result.
    """
    return FutureResult(native.submit(partial(copy_context().run, work), in_own_thread))
