"""Work that is done every few seconds in a thread."""

import abc
from threading import Event, Thread
from types import TracebackType
from typing import ClassVar, Self


class Periodic(abc.ABC):
    """Does its work again and again, from ``start`` until ``close``.

    Class attributes:
        thread_name: Of the thread that does it.

    Args:
        every_s: Seconds between two rounds; the first one begins after that time.

    Attributes:
        every_s: As given.
    """

    thread_name: ClassVar[str]

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._stop = Event()
        self._thread: Thread | None = None

    @abc.abstractmethod
    def work(self) -> object:
        """One round. What it raises ends the thread."""

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread = Thread(target=self._run, name=self.thread_name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop. May be called more than once."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.wait(self.every_s):
            self.work()
