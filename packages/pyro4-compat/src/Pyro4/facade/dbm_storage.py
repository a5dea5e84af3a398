"""Names in a dbm file, as a Pyro4 name server keeps them: name -> address, both in UTF-8, no metadata."""

import contextlib
import dbm
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, ClassVar, Self

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import NO_TAGS, Entry, Storage


class DbmStorage(Storage):
    """Keeps names in a dbm file, which is opened for every single use.

    Such a file holds no tags: those that are given are dropped, and none can be searched for.

    Args:
        path: The file, of any kind of dbm, perhaps without its extension; created if missing.

    Raises:
        NamingError: If it cannot be opened.
    """

    name: ClassVar[str] = "dbm"

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self.count()

    @classmethod
    def open(cls, location: str) -> Self:
        if not location:
            raise ValueError("the dbm storage needs a file; write 'dbm:FILE'")
        return cls(location)

    def put(self, name: str, uri: str, tags: frozenset[str] = NO_TAGS, *, replace: bool = True) -> bool:
        with self._table() as table:
            if not replace and name.encode() in table:
                return False
            table[name.encode()] = uri.encode()
            return True

    def get(self, name: str) -> Entry | None:
        with self._table() as table:
            return _entry(table[name.encode()]) if name.encode() in table else None

    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        with self._table() as table:
            return name.encode() in table

    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        key = name.encode()
        with self._table() as table:
            if key not in table or (only_uri is not None and table[key] != only_uri.encode()):
                return False
            del table[key]
            return True

    def remove_many(self, names: Iterable[str]) -> int:
        with self._table() as table:
            keys = {key for key in (name.encode() for name in names) if key in table}
            for key in keys:
                del table[key]
            return len(keys)

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

    def close(self) -> None:
        """Nothing to let go of."""

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
