"""The threads in which futures are worked off, and the order in which it happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Lock, Thread

from pyro_client.forks import FORKS
from pyro_core.errors import CommunicationError, PyroError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, TypeVar

    from pyro_client.channel import Channel

    T = TypeVar("T")
    Job = Callable[[], object]

WORKERS: Final = 16
"""Threads of a pool."""
MOST_WAITING: Final = 100_000
"""Jobs that may wait for a thread, or for their time."""
IDLE_S: Final = 10.0
"""A thread that has had nothing to do for so many seconds ends."""


class Pool:
    """Runs jobs in a few threads, which are made when they are needed and keep no program from ending.

    In the child of a fork it starts out empty: the jobs are the parent's.

    Args:
        workers: How many threads there may be.
        most_waiting: How many jobs may wait.
        idle_s: After how many seconds a thread without work ends.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        workers: int = WORKERS,
        *,
        most_waiting: int = MOST_WAITING,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = workers
        self._most_waiting = most_waiting
        self._idle_s = idle_s
        self._numbers = count()
        self.clock = clock
        self.after_fork()
        FORKS.watch(self)

    def after_fork(self) -> None:
        """In the child of a fork: there are no threads, and no jobs."""
        self._changed = Condition(Lock())
        self._due: deque[Job] = deque()
        self._later: list[tuple[float, int, Job]] = []
        self._threads = 0
        self._idle = 0

    def run(self, job: Job, *, delay_s: float = 0.0, accepted: bool = False) -> None:
        """Have a job done.

        Args:
            job: Called without arguments; must not raise.
            delay_s: Not before so many seconds have passed.
            accepted: The job has been waiting elsewhere, and is taken in any case.

        Raises:
            PyroError: If too many jobs are waiting.
            RuntimeError: If not a single thread can be started.
        """
        with self._changed:
            if not accepted and len(self._due) + len(self._later) >= self._most_waiting:
                raise PyroError(
                    f"{self._most_waiting} calls are waiting for a thread already, which is the limit; wait "
                    "for some of their futures before submitting more"
                )
            if self._idle <= len(self._due):
                self._start_thread()
            if delay_s > 0:
                heappush(self._later, (self.clock() + delay_s, next(self._numbers), job))
            else:
                self._due.append(job)
            self._changed.notify()

    def _start_thread(self) -> None:
        if self._threads < self._most:
            try:
                Thread(target=self._work, name="pyro-future", daemon=True).start()
            except RuntimeError:
                if not self._threads:
                    raise
            else:
                self._threads += 1

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # what it holds must not live until the next one comes

    def _next(self) -> Job | None:
        """The next job, when it is there; None if this thread is not needed any more."""
        with self._changed:
            idle_until = self.clock() + self._idle_s
            while True:
                now = self.clock()
                while self._later and self._later[0][0] <= now:
                    self._due.append(heappop(self._later)[2])
                if self._due:
                    job = self._due.popleft()
                    self._see_to_the_rest()
                    return job
                if now >= idle_until and (self._idle or not self._later):
                    self._threads -= 1
                    self._see_to_the_rest()
                    return None
                ends = [idle_until] if now < idle_until else []
                if self._later:
                    ends.append(self._later[0][0])
                self._idle += 1
                self._changed.wait(min(ends) - now)
                self._idle -= 1

    def _see_to_the_rest(self) -> None:
        """This thread will be busy: another one has to take what is there, and to watch the time."""
        if self._due or self._later:
            if self._idle:
                self._changed.notify()
            else:
                self._start_thread()


class Lane:
    """Jobs that use one connection: one after the other, or at the same time if the connection allows it.

    So a busy connection holds one thread of the pool and not all, and calls that take turns are made in the
    order in which they were submitted.

    Args:
        pool: Runs the jobs.
        may_share: Whether several may run at the same time, as far as is known now.
    """

    def __init__(self, pool: Pool, may_share: Callable[[], bool]) -> None:
        self._pool = pool
        self._may_share = may_share
        self.after_fork()
        FORKS.watch(self)

    def after_fork(self) -> None:
        """In the child of a fork: nothing runs and nothing waits."""
        self._lock = Lock()
        self._waiting: deque[Job] = deque()
        self._running = 0

    def run(self, job: Job) -> None:
        """Have a job done when its turn has come. Raises as ``Pool.run``."""
        with self._lock:
            if self._running and not self._may_share():
                self._check_room()
                self._waiting.append(job)
                return
            self._running += 1
        try:
            self._pool.run(partial(self._do, job))
        except BaseException:
            with self._lock:
                self._running -= 1
            raise

    def refresh(self) -> None:
        """Begin what may begin by now, because several jobs may share the connection."""
        if self._waiting and self._may_share():
            self._go_on()

    def _do(self, job: Job) -> None:
        try:
            job()
        finally:
            self._go_on(ended=1)

    def _go_on(self, *, ended: int = 0) -> None:
        with self._lock:
            number = len(self._waiting) if self._may_share() else ended
            following = [self._waiting.popleft() for _ in range(min(number, len(self._waiting)))]
            self._running += len(following) - ended
        for job in following:
            self._pool.run(partial(self._do, job), accepted=True)

    def _check_room(self) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise PyroError(
                f"{MOST_WAITING} calls are waiting for their turn on one connection already, which is the "
                "limit; wait for some of their futures before submitting more"
            )


POOL: Final = Pool()
"""One per process, like its threads."""


class ChannelLane(Lane):
    """The lane of a proxy's connection.

    Args:
        channel: That of the proxy.
    """

    def __init__(self, channel: Channel) -> None:
        super().__init__(POOL, self._is_shared)
        self._channel = channel

    def work_on_channel(self, work: Callable[[], T]) -> T:
        """Do something that needs the connection; gives its result.

        Connects first, because then it is known whether what waits may begin, too.
        """
        channel = self._channel
        if not channel.connected:
            try:
                channel.bind()
            except CommunicationError:
                if not channel.profile.max_retries:
                    raise
        self.refresh()
        return work()

    def _is_shared(self) -> bool:
        dialogue = getattr(self._channel, "dialogue", None)  # there is none where a client is called back
        return dialogue is not None and dialogue.shared
