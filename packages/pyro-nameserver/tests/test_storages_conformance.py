"""The suite that every storage must pass, ours included."""

from pathlib import Path

from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.sqlite import SqliteStorage


class TestMemory(StorageSuite):
    takes_clock = True

    def storage_class(self) -> type[Storage]:
        return MemoryStorage

    def open(self, location: str, clock: FakeClock) -> Storage:
        return MemoryStorage(clock=clock)


class TestSqlite(StorageSuite):
    keeps_names = True
    is_shared = True
    takes_clock = True

    def storage_class(self) -> type[Storage]:
        return SqliteStorage

    def location(self, folder: Path) -> str:
        return str(folder / "names.sqlite")

    def open(self, location: str, clock: FakeClock) -> Storage:
        return SqliteStorage(location, clock=clock)
