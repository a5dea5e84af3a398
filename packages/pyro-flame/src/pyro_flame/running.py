"""Code that runs in a thread of its own, where it can be interrupted; what it prints is taken as it comes."""

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable, MutableMapping
from queue import SimpleQueue
from typing import Any, Final, Self

from pyro_core.errors import PyroError
from pyro_flame.routing import route, route_no_more, routed_to

_MOST_CHARS: Final = 1 << 20
"""Code that has printed more than this, which nobody took yet, waits."""
_PIECE_CHARS: Final = 1 << 16
_LOOK_S: Final = 0.02
"""How often it looks whether somebody did."""


class Output:
    """An iterator over what is printed, in pieces, and at last over the result.

    A reader that need not wait, as a server does not, asks ``when_ready`` first.

    Args:
        on_close: Called when nobody wants any more of it.
    """

    def __init__(self, on_close: Callable[[], object]) -> None:
        self._changed = threading.Condition()
        self._text = ""
        self._over = False
        self._ends: list[Any] = []  # the result, if there is one, and not taken
        self._error: BaseException | None = None
        self._wake: Callable[[], None] | None = None
        self._on_close: Callable[[], object] | None = on_close

    def add(self, text: str) -> None:
        """Something was printed."""
        with self._changed:
            self._text += text
            self._tell()

    def finish(self, error: BaseException | None, *result: Any) -> None:
        """Nothing more will be printed."""
        with self._changed:
            self._over, self._error, self._ends = True, error, list(result)
            self._tell()

    def when_ready(self, wake: Callable[[], None]) -> bool:
        """Whether there is something to take; if not, ``wake`` is called once when there is."""
        with self._changed:
            self._wake = None if self._is_ready else wake
            return self._is_ready

    def take_many(self, most: int, keep: Callable[[Any], object]) -> None:
        """Give a piece to ``keep``. Raises StopIteration, or what the code raised, at the end."""
        with self._changed:
            if self._text:
                keep(self._text[:_PIECE_CHARS])
                self._text = self._text[_PIECE_CHARS:]
                self._changed.notify_all()
            elif self._ends:
                keep(self._ends.pop())
            elif self._over:
                raise self._error or StopIteration

    def close(self) -> None:
        """Want no more of it."""
        with self._changed:
            stop, self._on_close = self._on_close, None
            over = self._over
            self._changed.notify_all()
        if stop is not None and not over:
            stop()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        taken: list[Any] = []
        with self._changed:
            self._changed.wait_for(lambda: self._is_ready)
            self.take_many(1, taken.append)
        return taken[0]

    @property
    def is_full(self) -> bool:
        """Whether enough is there for now."""
        return len(self._text) >= _MOST_CHARS and self._on_close is not None

    @property
    def _is_ready(self) -> bool:
        return bool(self._text) or self._over

    def _tell(self) -> None:
        self._changed.notify_all()
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()


class Runner:
    """Runs one thing after the other, in one thread, which begins with the first.

    An interruption may come between any two instructions of that thread, also when it has just taken a lock.
    So it touches no lock for its output: another thread takes that from a queue.

    Args:
        names: Gets the value of the last expression as ``_``.
    """

    def __init__(self, names: MutableMapping[str, Any]) -> None:
        self._names = names
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._said: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = False
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Any]) -> Output:
        """Run something.

        Args:
            work: Gives the result.

        Raises:
            PyroError: If something runs already.
        """
        output = Output(self.interrupt)
        context = contextvars.copy_context()
        with self._lock:
            if self._running:
                raise PyroError("this console is busy; wait for what it runs, or interrupt it")
            self._running = True
            if self._thread is None:
                self._thread = _serving(self._work, lambda: self._said.put(None))
                _serving(self._said)
        route()
        self._work.put(lambda: context.run(self._run, work, output))
        return output

    def interrupt(self) -> bool:
        """Raise KeyboardInterrupt in what runs, if something does, as soon as it is back in Python code."""
        with self._lock:
            if self._running:
                _raise_in(self._thread, KeyboardInterrupt)
            return self._running

    def end(self) -> None:
        """Have the threads end, after what runs."""
        self._work.put(None)

    def _run(self, work: Callable[[], Any], output: Output) -> None:
        def say(text: str) -> None:
            while output.is_full:
                time.sleep(_LOOK_S)
            self._said.put(lambda: output.add(text))

        result: tuple[Any, ...] = ()
        error: BaseException | None = None
        try:
            routed_to(say, self._names)
            result = (work(),)
        except BaseException as problem:  # SystemExit, too: it is not for this thread
            error = problem
        self._rest()
        self._said.put(lambda: self._finish(output, error, *result))

    def _rest(self) -> None:
        """From now on, nobody raises anything in this thread."""
        while True:
            try:
                with self._lock:
                    _raise_in(self._thread, None)
                    self._running = False
                return
            except KeyboardInterrupt:
                continue  # it came too late

    def _finish(self, output: Output, error: BaseException | None, *result: Any) -> None:
        route_no_more()
        output.finish(error, *result)


def _serving(
    work: "SimpleQueue[Callable[[], None] | None]", then: Callable[[], object] = lambda: None
) -> threading.Thread:
    def serve() -> None:
        while (one := work.get()) is not None:
            one()
        then()

    thread = threading.Thread(target=serve, name="pyro-flame console", daemon=True)
    thread.start()
    return thread


def _raise_in(thread: threading.Thread | None, error: type[BaseException] | None) -> None:
    if thread is not None:
        what = ctypes.py_object(error) if error is not None else None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), what)
