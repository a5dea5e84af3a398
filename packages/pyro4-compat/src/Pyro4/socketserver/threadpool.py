"""A pool of threads that refuses work when all of them are busy."""

from collections.abc import Callable
from functools import partial
from typing import Any, Self

from Pyro4.configuration import config
from pyro_server.transports.workers import WorkerPool

__all__ = ["NoFreeWorkersError", "Pool", "PoolError"]


class PoolError(Exception):
    """The pool cannot do that."""


class NoFreeWorkersError(PoolError):
    """All threads are busy."""


class Pool:
    """Runs jobs in threads, between ``config.THREADPOOL_SIZE_MIN`` and ``config.THREADPOOL_SIZE`` of them.

    Attributes:
        busy: The jobs that run.
        closed: It takes no more jobs.
    """

    def __init__(self) -> None:
        self._most = config.THREADPOOL_SIZE
        self._fewest = config.THREADPOOL_SIZE_MIN
        self._workers = WorkerPool("pyro4-pool", most=self._most, fewest=self._fewest)
        self.busy: set[Callable[[], Any]] = set()
        self.closed = False

    @property
    def idle(self) -> range:
        """As many as there are threads that wait for a job."""
        return range(0 if self.closed else max(self._fewest - len(self.busy), 0))

    def num_workers(self) -> int:
        """Number of threads."""
        return len(self.busy) + len(self.idle)

    def process(self, job: Callable[[], Any]) -> None:
        """Run a job soon.

        Raises:
            PoolError: If the pool is closed.
            NoFreeWorkersError: If all threads are busy.
        """
        if self.closed:
            raise PoolError("job queue is closed")
        if len(self.busy) >= self._most:
            raise NoFreeWorkersError("no free workers available, increase thread pool size")
        running = partial(job)
        self.busy.add(running)
        self._workers.submit(self._run, running)

    def close(self) -> None:
        """Take no more jobs; those that run go on."""
        self.closed = True
        self._workers.stop()
        self.busy.clear()

    def _run(self, job: Callable[[], Any]) -> None:
        try:
            job()
        finally:
            self.busy.discard(job)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = type(self)
        return (
            f"<{kind.__module__}.{kind.__qualname__} at 0x{id(self):x}; {len(self.busy)} busy workers; "
            f"{len(self.idle)} idle workers>"
        )
