"""Names in a sqlite file, in the tables that both stock name servers use.

Source: tables ``pyro_names`` and ``pyro_metadata`` as Pyro4 4.82 and Pyro5 5.17 create them. A stock name
server can open the file again afterwards: only indexes are added.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import ClassVar, Final, Self

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import NO_TAGS, Entry, Storage

_BUSY_S: Final = 5.0
"""How long to wait for another process that holds the file."""
_VARIABLES: Final = 500
"""Values per statement; sqlite's own limit is 999 in old versions."""
_LAST_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS pyro_names"
    " (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pyro_metadata"
    " (object integer NOT NULL, metadata nvarchar NOT NULL, FOREIGN KEY(object) REFERENCES pyro_names(id))",
    "CREATE INDEX IF NOT EXISTS pyro_metadata_by_object ON pyro_metadata(object)",
    "CREATE INDEX IF NOT EXISTS pyro_metadata_by_tag ON pyro_metadata(metadata, object)",
)
_ENTRIES: Final = (
    "SELECT n.name, n.uri, m.metadata FROM pyro_names AS n LEFT JOIN pyro_metadata AS m ON m.object = n.id"
)


class SqliteStorage(Storage):
    """Keeps names in one sqlite file, through one connection that stays open.

    What a method has stored when it returns survives ``kill -9`` and power loss: a write-ahead log, synced
    with every change. Several processes may use one file.

    Args:
        path: The file; created if missing, its folder is not.

    Raises:
        NamingError: If the file cannot be opened, or is something else.
    """

    name: ClassVar[str] = "sqlite"

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._lock = Lock()
        with self._naming_errors("open"):
            # One connection for all threads, guarded by the lock; transactions are begun by hand.
            self._db = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA journal_mode = WAL").fetchall()
                self._db.execute("PRAGMA synchronous = FULL")
                with self._transaction() as db:
                    _migrate(db)
            except BaseException:
                self._db.close()
                raise

    @classmethod
    def open(cls, location: str) -> Self:
        if not location or location == ":memory:":
            raise ValueError(
                f"the sqlite storage needs a file, got {location!r}; write 'sqlite:FILE', "
                "or 'memory' to keep names in memory only"
            )
        return cls(location)

    def put(self, name: str, uri: str, tags: frozenset[str] = NO_TAGS, *, replace: bool = True) -> bool:
        with self._writing() as db:
            key = _key_of(db, name)
            if key is None:
                key = db.execute("INSERT INTO pyro_names(name, uri) VALUES (?, ?)", (name, uri)).lastrowid
            elif not replace:
                return False
            else:
                db.execute("UPDATE pyro_names SET uri = ? WHERE id = ?", (uri, key))
                db.execute("DELETE FROM pyro_metadata WHERE object = ?", (key,))
            _insert_tags(db, key, tags)
            return True

    def get(self, name: str) -> Entry | None:
        return self._select(f"{_ENTRIES} WHERE n.name = ?", (name,)).get(name)

    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        with self._writing() as db:
            key = _key_of(db, name)
            if key is None:
                return False
            db.execute("DELETE FROM pyro_metadata WHERE object = ?", (key,))
            _insert_tags(db, key, tags)
            return True

    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        with self._writing() as db:
            row = db.execute(
                "SELECT id FROM pyro_names WHERE name = ? AND uri = coalesce(?, uri)", (name, only_uri)
            ).fetchone()
            return row is not None and _delete(db, row[0])

    def remove_many(self, names: Iterable[str]) -> int:
        with self._writing() as db:
            keys = [_key_of(db, name) for name in set(names)]
            return sum(_delete(db, key) for key in keys if key is not None)

    def count(self) -> int:
        with self._reading("count names in") as db:
            (number,) = db.execute("SELECT count(*) FROM pyro_names").fetchone()
            return int(number)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        if not prefix:
            return self._select(_ENTRIES)
        end = _after_prefix(prefix)
        if end is None:
            return self._select(f"{_ENTRIES} WHERE n.name >= ?", (prefix,))
        return self._select(f"{_ENTRIES} WHERE n.name >= ? AND n.name < ?", (prefix, end))

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        if not tags:
            return self.find()
        candidates = self.find_any_tag(frozenset([min(tags)]))
        return {name: entry for name, entry in candidates.items() if tags <= entry.tags}

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        wanted = sorted(tags)
        found: dict[str, Entry] = {}
        for start in range(0, len(wanted), _VARIABLES):
            part = wanted[start : start + _VARIABLES]
            marks = ",".join("?" * len(part))
            found.update(
                self._select(
                    f"{_ENTRIES} WHERE n.id IN"
                    f" (SELECT object FROM pyro_metadata WHERE metadata IN ({marks}))",
                    part,
                )
            )
        return found

    def close(self) -> None:
        with self._lock, self._naming_errors("close"):
            self._db.close()

    def _select(self, statement: str, values: Sequence[str] = ()) -> dict[str, Entry]:
        with self._reading("search") as db:
            rows = db.execute(statement, values).fetchall()
        uris: dict[str, str] = {}
        tags: dict[str, list[str]] = {}
        for name, uri, tag in rows:
            uris[name] = uri
            if tag is not None:
                tags.setdefault(name, []).append(tag)
        return {name: Entry(uri, frozenset(tags.get(name, ()))) for name, uri in uris.items()}

    @contextlib.contextmanager
    def _reading(self, action: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._naming_errors(action):
            yield self._db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._naming_errors("change"), self._transaction() as db:
            yield db

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _naming_errors(self, action: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            raise NamingError(
                f"cannot {action} the name storage {self._path!r}: {problem}; "
                "it must be a sqlite file (or not exist yet) in a folder that this process may write to"
            ) from problem


def _migrate(db: sqlite3.Connection) -> None:
    """Bring the tables of any stock version, or none, to the shape used here."""
    columns = {row[1] for row in db.execute("PRAGMA table_info(pyro_names)")}
    if columns and "id" not in columns:  # from before there was metadata
        db.execute("ALTER TABLE pyro_names RENAME TO pyro_names_old")
        db.execute(_SCHEMA[0])
        db.execute("INSERT OR REPLACE INTO pyro_names(name, uri) SELECT name, uri FROM pyro_names_old")
        db.execute("DROP TABLE pyro_names_old")
    for statement in _SCHEMA:
        db.execute(statement)


def _key_of(db: sqlite3.Connection, name: str) -> int | None:
    row = db.execute("SELECT id FROM pyro_names WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def _insert_tags(db: sqlite3.Connection, key: int | None, tags: frozenset[str]) -> None:
    if tags:
        rows = [(key, tag) for tag in tags]
        db.executemany("INSERT INTO pyro_metadata(object, metadata) VALUES (?, ?)", rows)


def _delete(db: sqlite3.Connection, key: int) -> bool:
    db.execute("DELETE FROM pyro_metadata WHERE object = ?", (key,))
    db.execute("DELETE FROM pyro_names WHERE id = ?", (key,))
    return True


def _after_prefix(prefix: str) -> str | None:
    """The smallest text that comes after all texts with this prefix; None if there is none.

    In the order of code points. The database compares UTF-8 byte by byte, which is the same order.
    """
    stem = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    if following in _SURROGATES:
        following = _SURROGATES.stop
    return stem[:-1] + chr(following)
