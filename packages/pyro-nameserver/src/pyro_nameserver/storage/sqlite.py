"""Names in a sqlite file, in the tables that both stock name servers use."""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Condition, Lock
from typing import ClassVar, Final, Self

from pyro_core.errors import NameOwned, NamingError, RevisionGone
from pyro_nameserver.storage import sqlite_tables as tables
from pyro_nameserver.storage.base import (
    NO_TAGS,
    Change,
    Entry,
    Snapshot,
    Storage,
    Subscription,
    may_change,
)

_BUSY_S: Final = 5.0
"""How long to wait for another process that holds the file."""
_LOOK_S: Final = 0.1
"""Time between two looks for changes of other processes, while somebody waits for changes."""
_VARIABLES: Final = 500
"""Values per statement; sqlite's own limit is 999 in old versions."""


class SqliteStorage(Storage):
    """Keeps names in one sqlite file, through one connection that stays open.

    What a method has stored when it returns survives ``kill -9`` and power loss: a write-ahead log, synced
    with every change. Several processes of one machine may use one file.

    Args:
        path: The file; created if missing, its folder is not.
        clock: Gives monotonic seconds, the same for all processes that use the file.

    Raises:
        NamingError: If the file cannot be opened, or is something else.
    """

    name: ClassVar[str] = "sqlite"

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = str(path)
        self._clock = clock
        self._lock = Lock()
        self._changed = Condition()
        self._changes_made = 0
        self._closed = False
        with self._naming_errors("open"):
            # One connection for all threads, guarded by the lock; transactions are begun by hand.
            self._db = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA journal_mode = WAL").fetchall()
                self._db.execute("PRAGMA synchronous = FULL")
                with self._transaction() as db:
                    tables.prepare(db, clock())
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

    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = NO_TAGS,
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool:
        with self._writing() as db:
            before = tables.entry_of(db, name)
            if before is not None and not replace:
                return False
            may_change(name, before, by)
            ends_at = None if ttl_s is None else self._clock() + ttl_s
            tables.write(db, name, Entry(uri, tags, ttl_s, owner), before, ends_at)
            return True

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        with self._writing() as db:
            before = tables.entry_of(db, name)
            if before is None:
                return False
            may_change(name, before, by)
            tables.write(db, name, before._replace(tags=tags), before, None)
            return True

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        with self._writing() as db:
            before = tables.entry_of(db, name)
            if before is None or (only_uri is not None and before.uri != only_uri):
                return False
            may_change(name, before, by)
            tables.erase(db, name)
            return True

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        count = 0
        with self._writing() as db:
            for name in set(names):
                before = tables.entry_of(db, name)
                with contextlib.suppress(NameOwned):
                    may_change(name, before, by)
                    if before is not None:
                        tables.erase(db, name)
                        count += 1
        return count

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        with self._writing() as db:
            return tables.renew(db, set(names), by, self._clock())

    def expire(self) -> list[str]:
        now = self._clock()
        with self._reading("look for ended leases in") as db:
            if not tables.ended(db, now):
                return []
        with self._writing() as db:
            names = tables.ended(db, now)
            for name in names:
                tables.erase(db, name, "expired")
            return names

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        wanted, now = set(names), self._clock()
        with self._reading("look at leases in") as db:
            return {name: left for name, left in tables.time_left(db, now) if name in wanted}

    def get(self, name: str) -> Entry | None:
        with self._reading() as db:
            return tables.entry_of(db, name)

    def count(self) -> int:
        with self._reading("count names in") as db:
            (number,) = db.execute("SELECT count(*) FROM pyro_names").fetchone()
            return int(number)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        with self._reading() as db:
            if not prefix:
                return tables.select(db)
            end = tables.after_prefix(prefix)
            if end is None:
                return tables.select(db, "WHERE n.name >= ?", (prefix,))
            return tables.select(db, "WHERE n.name >= ? AND n.name < ?", (prefix, end))

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        if not tags:
            return self.find()
        candidates = self.find_any_tag(frozenset([min(tags)]))
        return {name: entry for name, entry in candidates.items() if tags <= entry.tags}

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        wanted = sorted(tags)
        found: dict[str, Entry] = {}
        with self._reading() as db:
            for start in range(0, len(wanted), _VARIABLES):
                part = wanted[start : start + _VARIABLES]
                marks = ",".join("?" * len(part))
                condition = f"WHERE n.id IN (SELECT object FROM pyro_metadata WHERE metadata IN ({marks}))"
                found.update(tables.select(db, condition, part))
        return found

    def snapshot(self) -> Snapshot:
        with self._reading() as db, self._transaction("DEFERRED"):
            return Snapshot(tables.revision_of(db), tables.select(db))

    def subscribe(self, after: int) -> Subscription:
        return _SqliteSubscription(self, after)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with self._lock, self._naming_errors("close"):
            self._db.close()

    def changes_after(self, revision: int, timeout_s: float) -> list[Change]:
        """The changes after a revision, of all processes; waits for the first one.

        Args:
            revision: Of the last change that the caller knows.
            timeout_s: How long to wait.

        Raises:
            RevisionGone: If they are not known any more.
        """
        until = time.monotonic() + timeout_s
        while not self._closed:
            made = self._changes_made
            with self._reading("read changes of") as db, self._transaction("DEFERRED"):
                found = tables.changes_after(db, revision)
            if found is None:
                raise RevisionGone(revision)
            left_s = until - time.monotonic()
            if found or left_s <= 0:
                return found
            with self._changed:
                if self._changes_made == made and not self._closed:
                    self._changed.wait(min(left_s, _LOOK_S))
        return []

    @contextlib.contextmanager
    def _reading(self, action: str = "search") -> Iterator[sqlite3.Connection]:
        with self._lock, self._naming_errors(action):
            yield self._db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._naming_errors("change"), self._transaction() as db:
            yield db
        with self._changed:
            self._changes_made += 1
            self._changed.notify_all()

    @contextlib.contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        self._db.execute(f"BEGIN {kind}")
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


class _SqliteSubscription(Subscription):
    def __init__(self, storage: SqliteStorage, after: int) -> None:
        self._storage = storage
        self._after = after
        storage.changes_after(after, 0.0)

    def changes(self, timeout_s: float) -> list[Change]:
        found = self._storage.changes_after(self._after, timeout_s)
        if found:
            self._after = found[-1].revision
        return found

    def close(self) -> None:
        """Nothing to let go of."""
