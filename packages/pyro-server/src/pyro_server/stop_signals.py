"""Ctrl-C and SIGTERM as polite requests to stop serving."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM call ``stop`` instead of ending the program at once.

    Only where nobody else handles them, and only in the main thread, which is where Python delivers signals.
    A second Ctrl-C has its usual effect, for a stop that takes too long.

    Args:
        stop: Takes no lock that the interrupted code may hold; called from the signal handler.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = {number: handler for number, handler in usual.items() if signal.getsignal(number) is handler}

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, ours[signal.Signals(number)])
        stop()

    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
