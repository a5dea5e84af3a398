"""What the parts of the conformance suite of storages have in common: the storage, and a way to pass time."""

import abc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any, ClassVar, Final

import pytest

from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_contract import Change, Entry, Storage, Subscription

URI: Final = "PYRO:object@localhost:4444"
OTHER_URI: Final = "PYRO:other@[::1]:4445"
NO_TAGS: frozenset[str] = frozenset()
THREADS: Final = 8


def tags(*names: str) -> frozenset[str]:
    """A set of tags."""
    return frozenset(names)


def read(entry: Entry | None) -> tuple[str, frozenset[str]]:
    """Address and tags of an entry that must be there."""
    assert entry is not None
    return entry.uri, entry.tags


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """Run something in several threads that start together; gives what each returned."""
    start = Barrier(THREADS)

    def run(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


class StorageUnderTest(abc.ABC):
    """A storage and what the tests need to know about it.

    Class attributes:
        keeps_names: Whether names survive ``close`` and a second ``open`` of the same location.
        is_shared: Whether one location can be open several times at once.
        takes_clock: Whether ``open`` uses the clock that it is given. If not, the tests really wait.
        ttl_s: A short lease for tests that wait until it ends, in seconds.
        grace_s: How long after its end a lease may still count.
        patience_s: How long to wait for what is to happen at once.
        model_runs: How many random sequences of steps are tried.
    """

    keeps_names: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False
    takes_clock: ClassVar[bool] = False
    ttl_s: ClassVar[float] = 2.0
    grace_s: ClassVar[float] = 1.0
    patience_s: ClassVar[float] = 10.0
    model_runs: ClassVar[int] = 50

    @abc.abstractmethod
    def storage_class(self) -> type[Storage]:
        """The class under test."""

    def location(self, folder: Path) -> str:
        """A location for ``open`` that holds no names yet.

        Args:
            folder: An empty folder of this test; the same folder must give the same location.
        """
        return ""

    def open(self, location: str, clock: FakeClock) -> Storage:
        """Open the storage under test.

        Args:
            location: The place.
            clock: For storages that measure time themselves; see ``takes_clock``.
        """
        return self.storage_class().open(location)

    @pytest.fixture
    def clock(self) -> FakeClock:
        """A clock that tests move."""
        return FakeClock()

    @pytest.fixture
    def storage(self, tmp_path: Path, clock: FakeClock) -> Iterator[Storage]:
        """An empty storage, closed after the test."""
        storage = self.open(self.location(tmp_path), clock)
        yield storage
        storage.close()

    @pytest.fixture
    def leasing(self, storage: Storage) -> Storage:
        """An empty storage that takes leases."""
        if not storage.takes_leases:
            pytest.skip("this storage takes no leases")
        return storage

    def let_pass(self, clock: FakeClock, seconds: float) -> None:
        """Let time pass, for the storage."""
        if self.takes_clock:
            clock.advance(seconds)
        else:
            Event().wait(seconds)

    def take(self, subscription: Subscription, count: int) -> list[Change]:
        """The next changes, at least so many."""
        found: list[Change] = []
        until = time.monotonic() + self.patience_s
        while len(found) < count and time.monotonic() < until:
            found.extend(subscription.changes(self.patience_s))
        assert len(found) >= count, f"{count} changes were to be told, there are {found}"
        return found

    def until_gone(self, storage: Storage, clock: FakeClock, name: str, within_s: float) -> list[str]:
        """Let time pass until a name is gone; gives what ``expire`` said meanwhile."""
        expired: list[str] = []
        step_s = 0.1
        for _ in range(round((within_s + self.grace_s) / step_s)):
            expired += storage.expire()
            if storage.get(name) is None:
                return expired
            self.let_pass(clock, step_s)
        raise AssertionError(f"{name!r} is there {self.grace_s} s after its lease ended")
