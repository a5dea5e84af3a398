"""Ctrl-C and SIGTERM as polite requests to stop serving, SIGHUP as one to read files again."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM call ``stop`` instead of ending the program at once.

    Only where nobody else handles them, and only in the main thread, which is where Python delivers signals.
    A second one, of either kind, has its usual effect, for a stop that takes too long.

    Args:
        stop: Takes no lock that the interrupted code may hold; called from the signal handler.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = {number: handler for number, handler in usual.items() if signal.getsignal(number) is handler}

    def handle(number: int, _frame: FrameType | None) -> None:
        for each, handler in ours.items():
            signal.signal(each, handler)
        stop()

    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def hanging_up(reload: Callable[[], object]) -> Iterator[None]:
    """While inside, SIGHUP calls ``reload``; where there is that signal, and in the main thread only.

    Args:
        reload: Takes no lock that the interrupted code may hold; called from the signal handler.
    """
    number = getattr(signal, "SIGHUP", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        reload()

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)


def is_hang_up_free() -> bool:
    """Whether nobody handles SIGHUP, and no terminal of this program can hang up."""
    number = getattr(signal, "SIGHUP", None)
    if number is None or signal.getsignal(number) is not signal.SIG_DFL:
        return False
    return not os.isatty(0)
