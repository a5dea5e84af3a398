"""The daemon has a thread of its own; each call is handed to the window's thread, and waits for its result.

Usage: python in_a_thread.py
"""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from window import Window

from pyro_server import Daemon, expose

LOOKING_MS = 10
PATIENCE_S = 10.0


class WindowThread:
    """Runs functions in the thread of a window; can be asked from any other.

    Args:
        window: Whose thread.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]]
        self._waiting = queue.SimpleQueue()
        self._look()

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Have a function called there; gives its result, or raises its exception, here."""
        future: Future[Any] = Future()
        self._waiting.put((future, function, args))
        return future.result(PATIENCE_S)

    def _look(self) -> None:
        while not self._waiting.empty():
            future, function, args = self._waiting.get()
            try:
                future.set_result(function(*args))
            except Exception as problem:
                future.set_exception(problem)
        self._window.root.after(LOOKING_MS, self._look)


@expose
class RemoteWindow:
    """What others may do with the window, from any thread."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._there = WindowThread(window)

    def show(self, text: str) -> str:
        return self._there.run(self._window.show, text)

    def shown(self) -> str:
        return self._there.run(self._window.shown)

    def press(self) -> str:
        return self._there.run(self._window.press)

    def resize(self, width: int) -> int:
        return self._there.run(self._window.resize, width)

    def close(self) -> None:
        self._there.run(self._window.close)


def main() -> None:
    """Show the window and serve."""
    window = Window("calls come from a thread")
    with Daemon() as daemon:
        print(daemon.register(RemoteWindow(window)), flush=True)
        daemon.start()
        window.run()


if __name__ == "__main__":
    main()
