"""Who serves, and who closes everything in the end."""

import threading

CLOSE_S = 5.0
"""How long ``close`` waits for calls that run."""


class Serving:
    """Whether a loop runs, and in which thread. Sees to it that nothing is closed under its feet.

    Attributes:
        thread: The thread that runs the loop; None while nobody does.
        close_after: The loop closes everything when it ends.
        over: Everything is closed, or being closed.
    """

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.close_after = False
        self.over = False
        self._ended = threading.Event()
        self._ended.set()
        self._closing = threading.Lock()

    @property
    def is_here(self) -> bool:
        """Whether this thread runs the loop, or something that the loop has called."""
        return self.thread is threading.current_thread()

    def begin(self) -> None:
        """This thread runs the loop from now on."""
        self.thread = threading.current_thread()
        self._ended.clear()

    def end(self) -> None:
        """It runs it no longer."""
        self.thread = None
        self._ended.set()

    def may_close(self) -> bool:
        """Whether this thread may close everything, after a moment in which the loop may end.

        Not inside of the loop, in a call or a signal handler, nor while a call holds up the loop: then the
        loop does that when it ends.
        """
        self.close_after = True
        return not self.is_here and self._ended.wait(CLOSE_S)

    def finish(self) -> bool:
        """Everything is to be closed now; False if somebody else does that, or has done it."""
        if not self._closing.acquire(blocking=False):
            return False
        self.over = True
        return True
