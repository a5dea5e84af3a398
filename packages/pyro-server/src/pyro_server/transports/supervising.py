"""Child processes that are kept running: started, started again when they die, and ended together."""

import logging
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import NoReturn

from pyro_server.transports.poller import Wakeup

log = logging.getLogger("pyro_server.transports.prefork")

END_ALL = 64
"""Exit code of a child that was shut down from inside: by one of its calls."""
STEADY_S = 10.0
"""A child that lived so long is replaced at once; others after a wait that doubles each time."""
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 30.0
LOOK_S = 0.5
"""How often it is asked whether to go on."""
LOOK_FOR_ENDS_S = 0.1
"""How often it is looked for dead children on systems that do not tell."""

_STOP_SIGNALS = {signal.SIGINT, signal.SIGTERM}


class Child:
    """The place of one child, and the process that has it.

    Attributes:
        number: Which place.
        pid: The process; 0 while there is none.
        watch: Descriptor that becomes readable when the process ends; -1 if there is none.
        began_at: When it was started, monotonic.
        wait_s: How long its place stayed empty before.
        due: When to start one, monotonic.
    """

    __slots__ = ("began_at", "due", "number", "pid", "wait_s", "watch")

    def __init__(self, number: int) -> None:
        self.number = number
        self.pid = 0
        self.watch = -1
        self.began_at = self.wait_s = self.due = 0.0


class Supervisor:
    """Keeps a number of forked processes running. For one thread.

    Args:
        count: How many.
        run: What a child does, given the number of its place; gives the exit code. It begins with SIGINT and
            SIGTERM blocked, so that none is lost before the child is ready for it.
    """

    def __init__(self, count: int, run: Callable[[int], int]) -> None:
        self._run = run
        self._children = [Child(number) for number in range(count)]

    def supervise(self, over: Callable[[], bool], wakeup: Wakeup) -> bool:
        """Start the children, and replace those that die, until it is over or one of them ends all.

        Args:
            over: Whether it is, asked every now and then.
            wakeup: Ends a wait.

        Returns:
            Whether one of them ended all.
        """
        while not over():
            now = monotonic()
            for child in self._children:
                if not child.pid and now >= child.due:
                    self._start(child)
            self._await_end(wakeup)
            for child, code in self._ended():
                if code == END_ALL:
                    return True
                self._plan_next(
                    child, f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
                )
        return False

    def end(self, patience_s: float) -> None:
        """Ask all children to end, and kill those that have not after so many seconds."""
        try:
            self._signal(signal.SIGTERM)
            deadline = monotonic() + patience_s
            while any(child.pid for child in self._children) and monotonic() < deadline:
                self._await_end(None)
                self._ended()
        finally:
            for child in self._children:
                if child.pid:
                    log.warning("process %d did not end within %.0f s; killing it", child.pid, patience_s)
                    self._signal(signal.SIGKILL, child)
                    os.waitpid(child.pid, 0)
                    self._forget(child)

    # ---- beginning

    def _start(self, child: Child) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # or else the child would say it again
        child.began_at = monotonic()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
        try:
            with warnings.catch_warnings():
                # Python warns where other threads exist. The one that keeps names may, and nothing of it is
                # used in children; others are the business of the program that started them.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if not pid:
                self._be_child(child.number)
        except OSError as problem:
            self._plan_next(child, f"could not be started ({problem})")
            return
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        child.pid = pid
        with suppress(AttributeError, OSError):
            child.watch = os.pidfd_open(pid)

    def _be_child(self, number: int) -> NoReturn:
        """Run in a new process, and end it: what the parent has begun is not for the child to finish."""
        code = 1
        try:
            code = self._run(number)
        except BaseException:
            log.exception("process %d failed", os.getpid())
        finally:
            with suppress(Exception):
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _plan_next(self, child: Child, what: str) -> None:
        """Decide when the place of a child is taken again to which this happened."""
        now = monotonic()
        lived_s = now - child.began_at
        child.wait_s = 0.0 if lived_s > STEADY_S else min(2 * child.wait_s or FIRST_WAIT_S, LONGEST_WAIT_S)
        child.due = now + child.wait_s
        log.warning("a process %s after %.1f s; the next one comes in %.1f s", what, lived_s, child.wait_s)

    # ---- ends

    def _await_end(self, wakeup: Wakeup | None) -> None:
        """Wait a moment for a child to end, or for a wake-up."""
        living = [child for child in self._children if child.pid]
        poll = select.poll()
        for child in living:
            if child.watch >= 0:
                poll.register(child.watch, select.POLLIN)
        if wakeup is not None:
            poll.register(wakeup.fd, select.POLLIN)
        blind = any(child.watch < 0 for child in living)
        now = monotonic()
        dues = [child.due - now for child in self._children if not child.pid] if wakeup is not None else []
        timeout_s = max(min([LOOK_FOR_ENDS_S if blind else LOOK_S, *dues]), 0.0)
        poll.poll(timeout_s * 1000)
        if wakeup is not None:
            wakeup.clear()

    def _ended(self) -> list[tuple[Child, int]]:
        """The children that have ended since the last time, and their exit codes; below 0 for a signal."""
        ended = []
        for child in self._children:
            if child.pid:
                pid, status = os.waitpid(child.pid, os.WNOHANG)
                if pid:
                    self._forget(child)
                    ended.append((child, os.waitstatus_to_exitcode(status)))
        return ended

    def _forget(self, child: Child) -> None:
        child.pid = 0
        if child.watch >= 0:
            os.close(child.watch)
            child.watch = -1

    def _signal(self, number: signal.Signals, only: Child | None = None) -> None:
        for child in self._children:
            if child.pid and only in (None, child):
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)
