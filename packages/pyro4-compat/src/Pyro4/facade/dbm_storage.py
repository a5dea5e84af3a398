"""Names in a dbm file, as a Pyro4 name server keeps them: name -> address, both in UTF-8, no metadata."""

import contextlib
import dbm
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import NO_TAGS, Entry
from pyro_nameserver.storage.local import LocalStorage


class DbmStorage(LocalStorage):
    """Keeps names in a dbm file, which is opened for every single use.

    Such a file holds no tags: those that are given are dropped, and none can be searched for.

    Args:
        path: The file, of any kind of dbm, perhaps without its extension; created if missing.

    Raises:
        NamingError: If it cannot be opened.
    """

    name: ClassVar[str] = "dbm"
    takes_leases: ClassVar[bool] = False  # there is no place for them in such a file
    keeps_tags: ClassVar[bool] = False

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.count()

    @classmethod
    def open(cls, location: str) -> Self:
        if not location:
            raise ValueError("the dbm storage needs a file; write 'dbm:FILE'")
        return cls(location)

    def get(self, name: str) -> Entry | None:
        with self._table() as table:
            return _entry(table[name.encode()]) if name.encode() in table else None

    def count(self) -> int:
        with self._table() as table:
            return len(list(table.keys()))

    def find(self, prefix: str = "") -> dict[str, Entry]:
        wanted = prefix.encode()
        with self._table() as table:
            keys = [key for key in table.keys() if key.startswith(wanted)]  # noqa: SIM118
            return {key.decode(errors="replace"): _entry(table[key]) for key in keys}

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        return self.find() if not tags else self._no_tags()

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        return {} if not tags else self._no_tags()

    def _write(self, name: str, entry: Entry, before: Entry | None) -> None:
        with self._table() as table:
            table[name.encode()] = entry.uri.encode()

    def _erase(self, name: str, before: Entry) -> None:
        with self._table() as table:
            del table[name.encode()]

    def _no_tags(self) -> dict[str, Entry]:
        raise NamingError(
            "DbmStorage doesn't support metadata: nothing can be searched for by tag; use 'sql:FILE' for that"
        )

    @contextlib.contextmanager
    def _table(self) -> Iterator[Any]:
        with self._lock:
            try:
                with dbm.open(self._path, "c") as table:
                    yield table
            except dbm.error as problem:
                raise NamingError(
                    f"cannot use the name storage {self._path!r}: {problem}; "
                    "it must be a dbm file (or not exist yet) that this process may write to"
                ) from problem


def _entry(uri: bytes) -> Entry:
    return Entry(uri.decode(errors="replace"), NO_TAGS)
