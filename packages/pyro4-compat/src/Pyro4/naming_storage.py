"""Where a name server of Pyro4 keeps its names: in memory, in a dbm file, in an sqlite file."""

import dbm
import sqlite3
from functools import partial
from typing import Any

from Pyro4.facade import dbm_storage
from Pyro4.facade.storages import StorageMapping
from pyro_core.errors import SettingsError
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.memory import MemoryStorage as NativeMemoryStorage
from pyro_nameserver.storage.spec import open_storage
from pyro_nameserver.storage.sqlite import SqliteStorage

__all__ = ["DbmStorage", "MemoryStorage", "SqlStorage", "dbm", "open_names", "sqlite3"]


class MemoryStorage(StorageMapping):
    """Keeps names until the process ends.

    Args:
        names: Name -> (address, tags), to begin with.
    """

    def __init__(self, **names: Any) -> None:
        native = NativeMemoryStorage()
        super().__init__(lambda: native)
        self.update(names)


class DbmStorage(StorageMapping):
    """Keeps names in a dbm file, without their metadata.

    Args:
        dbmfile: The file; created if missing.

    Raises:
        NamingError: If it cannot be used.
    """

    def __init__(self, dbmfile: str) -> None:
        self.dbmfile = dbmfile
        super().__init__(partial(dbm_storage.DbmStorage.open, dbmfile))


class SqlStorage(StorageMapping):
    """Keeps names in an sqlite file.

    Args:
        dbfile: The file; created if missing.

    Raises:
        ValueError: If it is no file.
        NamingError: If it cannot be used.
    """

    def __init__(self, dbfile: str) -> None:
        self.dbfile = dbfile
        super().__init__(partial(SqliteStorage.open, dbfile))


def open_names(storage: Any) -> Any:
    """The storage that a text describes; what is no text is taken for a storage.

    Args:
        storage: ``memory``, ``dbm:FILE``, ``sql:FILE``, what the native name server knows beside these, or a
            storage.

    Raises:
        ValueError: If there is no such storage.
        NamingError: If it cannot be used.
    """
    if storage is None or storage == "memory":
        return MemoryStorage()
    if not isinstance(storage, str):
        return storage
    kind, _, place = storage.partition(":")
    if kind == "dbm" and place:
        print("Warning: the DbmStorage doesn't support metadata.")
        return DbmStorage(place)
    if kind == "sql" and place:
        return SqlStorage(place)
    if kind == "dbm":
        raise ValueError(f"invalid storage type '{storage}'; write 'dbm:FILE'")
    return StorageMapping(partial(_opened, storage))


def _opened(spec: str) -> Storage:
    try:
        return open_storage(spec)
    except SettingsError as problem:
        raise ValueError(str(problem)) from problem
