"""A bounded pool of threads, started when needed and ended when not."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

log = logging.getLogger("pyro_server.transports.workers")

Task = Callable[[Any], None]

IDLE_S = 30.0
"""A worker beyond the minimum ends after so many seconds without a task."""


class WorkerPool:
    """Runs tasks on at most ``most`` threads; what finds no free thread waits in line.

    The thread that became free last gets the next task, so that threads beyond the need stay idle, and end.

    Args:
        name: Start of the threads' names.
        most: Number of threads at most, 1 or more.
        fewest: Number of threads that are kept once started.
        idle_s: How long a thread beyond ``fewest`` waits for a task before it ends, in seconds.

    Attributes:
        starved: True while tasks wait for a thread.
        wanted: True while tasks wait for a thread, while the owner is in a hurry, and from ``stop`` on.
            Whoever keeps a worker longer than a task needs looks at it and gives the worker back.
    """

    def __init__(self, name: str, *, most: int, fewest: int = 0, idle_s: float = IDLE_S) -> None:
        self.starved = self.wanted = False
        self._name = name
        self._most = max(most, 1)
        self._fewest = fewest
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._line: deque[tuple[Task, Any]] = deque()
        self._started = 0
        self._hurried = False
        self._refused = False  # logged once, until it goes well again
        self._stopping = False

    def __len__(self) -> int:
        """Number of threads."""
        return len(self._workers)

    @property
    def waiting(self) -> int:
        """How many tasks wait for a thread."""
        return len(self._line)

    @property
    def has_idle(self) -> bool:
        """Whether a thread waits for a task."""
        return bool(self._idle)

    def is_mine(self) -> bool:
        """Whether the calling thread is one of these."""
        caller = threading.current_thread()
        with self._lock:
            return any(worker.thread is caller for worker in self._workers)

    def submit(self, task: Task, argument: Any) -> None:
        """Have ``task(argument)`` run soon. What it raises is logged.

        Raises:
            RuntimeError: If there is no thread, and the system refuses to start one.
        """
        if self.offer(task, argument):
            return
        with self._lock:
            if self._give(task, argument):  # one became free meanwhile
                return
            if not self._workers:
                raise RuntimeError("cannot start even one worker thread; allow this process more of them")
            self._line.append((task, argument))
            self.starved = self.wanted = True

    def offer(self, task: Task, argument: Any) -> bool:
        """Have ``task(argument)`` run now if a thread is free or can be started; else give False."""
        with self._lock:
            if self._give(task, argument):
                return True
            if len(self._workers) >= self._most:
                return False
            worker = _Worker(self, f"{self._name}-{self._started}", (task, argument))
            self._workers.add(worker)
            self._started += 1
        try:
            worker.thread.start()
        except RuntimeError:
            with self._lock:
                self._workers.discard(worker)
            if not self._refused:
                self._refused = True
                log.warning("the system refuses to start another worker thread; %d are running", len(self))
            return False
        self._refused = False
        return True

    def offer_idle(self, task: Task, argument: Any) -> bool:
        """Have ``task(argument)`` run now if a thread is free; else give False."""
        with self._lock:
            return self._give(task, argument)

    def hurry(self, hurried: bool) -> None:
        """Have ``wanted`` be true whether or not tasks wait, or no longer."""
        with self._lock:
            self._hurried = hurried
            self.wanted = self.starved or hurried or self._stopping

    def stop(self) -> None:
        """Let idle threads end at once, and the others as soon as no task waits."""
        with self._lock:
            self._stopping = self.wanted = True
            for worker in self._idle:
                worker.wake.release()
            self._idle.clear()

    def join(self, timeout_s: float) -> bool:
        """Wait for the threads to end, after ``stop``; for all but the calling one.

        Returns:
            True if none is left.
        """
        deadline = monotonic() + timeout_s
        caller = threading.current_thread()
        with self._lock:
            threads = [worker.thread for worker in self._workers if worker.thread is not caller]
        for thread in threads:
            thread.join(max(deadline - monotonic(), 0.0))
        return not any(thread.is_alive() for thread in threads)

    def _give(self, task: Task, argument: Any) -> bool:
        """Give a task to an idle worker. Called with the lock."""
        if not self._idle:
            return False
        worker = self._idle.pop()
        worker.task = (task, argument)
        worker.wake.release()
        return True

    def _next(self, worker: "_Worker") -> tuple[Task, Any] | None:
        """What the worker does next; None: end."""
        with self._lock:
            if self._line:
                task = self._line.popleft()
                self.starved = bool(self._line)
                self.wanted = self.starved or self._hurried or self._stopping
                return task
            if self._stopping:
                self._workers.discard(worker)
                return None
            self._idle.append(worker)
        while not worker.wake.acquire(timeout=self._idle_s):
            with self._lock:
                if worker in self._idle and len(self._workers) > self._fewest:
                    self._idle.remove(worker)
                    self._workers.discard(worker)
                    return None
        task_given, worker.task = worker.task, None
        if task_given is None:  # woken by stop()
            with self._lock:
                self._workers.discard(worker)
        return task_given


class _Worker:
    """One thread of a pool, and the slot through which it gets its task."""

    __slots__ = ("pool", "task", "thread", "wake")

    def __init__(self, pool: WorkerPool, name: str, task: tuple[Task, Any]) -> None:
        self.pool = pool
        self.task: tuple[Task, Any] | None = task
        self.wake = threading.Lock()
        self.wake.acquire()
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)

    def _work(self) -> None:
        todo, self.task = self.task, None
        while todo is not None:
            task, argument = todo
            try:
                task(argument)
            except BaseException:  # a worker outlives whatever a task does, SystemExit included
                log.exception("task %r failed", task)
            del todo, task, argument  # an idle worker keeps nothing alive
            todo = self.pool._next(self)
