"""Names in PostgreSQL, so that any number of name servers can stand in front of it."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Lock
from typing import ClassVar, Final, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pyro_core.errors import NameOwned, NamingError, RevisionGone
from pyro_nameserver.storage import postgres_tables as tables
from pyro_nameserver.storage.base import (
    NO_TAGS,
    Change,
    Entry,
    Snapshot,
    Storage,
    Subscription,
    may_change,
)

T = TypeVar("T")

DEADLINE_S: Final = 10.0
"""How long a lost server is tried again before that is an error."""
_CONNECT_S: Final = 3
_PAUSE_S: Final = 0.2
"""Pause between two attempts to reach the server."""
_IDLE_MOST: Final = 8
"""Connections that are kept for later."""
_LOOK_S: Final = 0.25
"""How often a waiting subscription sees whether the storage is being closed."""
_SESSION: Final = (
    "SET statement_timeout = '10s'",  # a server that hangs is an error, not a thread lost for ever
    "SET idle_in_transaction_session_timeout = '10s'",  # a name server that hangs does not stop the others
    "SET client_encoding = 'UTF8'",
)


class PostgresStorage(Storage):
    """Keeps names in a database of PostgreSQL, in tables that it makes: ``pyro_ns_names`` and two more.

    What a method has stored when it returns is committed. A lost connection is made anew, within
    ``DEADLINE_S``. Leases go by the clock of the database. Prefixes and tags are searched without an index,
    which is quick for tens of thousands of names.

    Args:
        conninfo: How to connect, as libpq takes it: ``postgresql://user@host/database``, or
            ``host=... dbname=...``; what is missing comes from libpq's environment variables, such as
            PGPASSWORD, and its password file.

    Raises:
        NamingError: If the database cannot be used.
    """

    name: ClassVar[str] = "postgres"

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._idle: list[tables.Connection] = []
        self._lock = Lock()
        self._closing = Event()
        self._deadline_s = 0.0  # what is wrong from the beginning is told at once
        try:
            self._change(tables.prepare)
            encoding = self._read(lambda db: db.execute("SHOW server_encoding").fetchone())
            if encoding != ("UTF8",):
                raise NamingError(
                    f"the database {self._place} has the encoding {encoding and encoding[0]}, which cannot "
                    "hold all names; make one with: createdb --encoding=UTF8 --template=template0"
                )
        except BaseException:
            self.close()
            raise
        self._deadline_s = DEADLINE_S

    @classmethod
    def open(cls, location: str) -> Self:
        try:
            conninfo_to_dict(location)
        except psycopg.ProgrammingError as problem:
            raise ValueError(
                f"the postgres storage cannot use its location ({str(problem).strip()}); "
                "write 'postgres:postgresql://USER@HOST/DATABASE', or 'postgres:' to use PGHOST and so on"
            ) from problem
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
        def put(db: tables.Connection) -> bool:
            tables.lock(db)
            before = tables.entry_of(db, name)
            if before is not None and not replace:
                return False
            may_change(name, before, by)
            tables.write(db, name, Entry(uri, tags, ttl_s, owner), before, begin_lease=True)
            return True

        return self._change(put)

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        def set_tags(db: tables.Connection) -> bool:
            tables.lock(db)
            before = tables.entry_of(db, name)
            if before is None:
                return False
            may_change(name, before, by)
            tables.write(db, name, before._replace(tags=tags), before, begin_lease=False)
            return True

        return self._change(set_tags)

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        def remove(db: tables.Connection) -> bool:
            tables.lock(db)
            before = tables.entry_of(db, name)
            if before is None or only_uri not in (None, before.uri):
                return False
            may_change(name, before, by)
            tables.erase(db, [name])
            return True

        return self._change(remove)

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        wanted = list(set(names))

        def remove(db: tables.Connection) -> int:
            tables.lock(db)
            going = []
            for name, entry in tables.entries_of(db, wanted).items():
                with contextlib.suppress(NameOwned):
                    may_change(name, entry, by)
                    going.append(name)
            if going:
                tables.erase(db, going)
            return len(going)

        return self._change(remove)

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        wanted = list(set(names))
        return self._change(lambda db: tables.renew(db, wanted, by))

    def expire(self) -> list[str]:
        def expire(db: tables.Connection) -> list[str]:
            tables.lock(db)
            return tables.expire(db)

        return self._change(expire) if self._read(tables.any_ended) else []

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        wanted = list(set(names))
        return self._read(lambda db: tables.time_left(db, wanted))

    def get(self, name: str) -> Entry | None:
        return self._read(lambda db: tables.entry_of(db, name))

    def count(self) -> int:
        row = self._read(lambda db: db.execute("SELECT count(*) FROM pyro_ns_names").fetchone())
        return 0 if row is None else int(row[0])

    def find(self, prefix: str = "") -> dict[str, Entry]:
        beginning = tables.encoded(prefix)
        return self._read(lambda db: tables.select(db, "WHERE starts_with(n.name, %s)", (beginning,)))

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        wanted = list(map(tables.encoded, tags))
        return self._read(lambda db: tables.select(db, "WHERE n.tags @> %s::text[]", (wanted,)))

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        wanted = list(map(tables.encoded, tags))
        return self._read(lambda db: tables.select(db, "WHERE n.tags && %s::text[]", (wanted,)))

    def snapshot(self) -> Snapshot:
        return self._read(tables.snapshot)

    def subscribe(self, after: int) -> Subscription:
        if self._read(lambda db: tables.changes_after(db, after)) is None:
            raise RevisionGone(after)
        return _PostgresSubscription(self, after)

    def close(self) -> None:
        self._closing.set()
        self._drop_idle()

    def _drop_idle(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    @property
    def is_closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closing.is_set()

    def connect(self) -> tables.Connection:
        """A connection of one's own.

        Raises:
            psycopg.Error: If there is none to be had.
        """
        db = psycopg.connect(self._conninfo, connect_timeout=_CONNECT_S, autocommit=True)
        try:
            for statement in _SESSION:
                db.execute(statement.encode())
        except BaseException:
            db.close()
            raise
        return db

    def error(self, problem: psycopg.Error) -> NamingError:
        """What a failure is for a caller."""
        reason = " ".join(str(problem).split()) or type(problem).__name__
        return NamingError(
            f"cannot use the name storage in the database {self._place}: {reason}; "
            "see whether it runs, lets this user in, and allows it to create tables"
        )

    def _read(self, work: Callable[[tables.Connection], T]) -> T:
        """Do something that changes nothing; over a new connection if the server was lost."""
        until = time.monotonic() + self._deadline_s
        while True:
            try:
                with self._taken() as db:
                    return work(db)
            except psycopg.OperationalError as problem:
                self._try_again(problem, until)
            except psycopg.Error as problem:
                raise self.error(problem) from problem

    def _change(self, work: Callable[[tables.Connection], T]) -> T:
        """Do something in a transaction; anew if the server was lost before it ended."""
        until = time.monotonic() + self._deadline_s
        while True:
            decided = False
            try:
                with self._taken() as db, db.transaction():
                    result = work(db)
                    decided = True
                return result
            except psycopg.OperationalError as problem:
                if decided:
                    raise NamingError(
                        f"the connection to the database {self._place} was lost while a change was stored: "
                        "it may or may not have been made; look, and try again"
                    ) from problem
                self._try_again(problem, until)
            except psycopg.Error as problem:
                raise self.error(problem) from problem

    @contextlib.contextmanager
    def _taken(self) -> Iterator[tables.Connection]:
        """A connection that nobody else uses meanwhile; it is kept for later if it is still good then."""
        with self._lock:
            db = self._idle.pop() if self._idle else None
        if db is None:
            db = self.connect()
        try:
            yield db
        finally:
            with self._lock:
                if not db.closed and len(self._idle) < _IDLE_MOST and not self.is_closed:
                    self._idle.append(db)
                    db = None
            if db is not None:
                db.close()

    def _try_again(self, problem: psycopg.OperationalError, until: float) -> None:
        """Wait a moment before another attempt, if there is time for one."""
        self._drop_idle()  # they were lost in the same way
        if time.monotonic() >= until or self._closing.wait(_PAUSE_S):
            raise self.error(problem) from problem

    @property
    def _place(self) -> str:
        """Where the names are, without a password."""
        known = conninfo_to_dict(self._conninfo)
        return f"{known.get('dbname', '')!r} of {known.get('host', 'the default host')}"


class _PostgresSubscription(Subscription):
    """Waits with a connection of its own for announcements, and then reads the table."""

    def __init__(self, storage: PostgresStorage, after: int) -> None:
        self._storage = storage
        self._after = after
        self._db: tables.Connection | None = None

    def changes(self, timeout_s: float) -> list[Change]:
        until = time.monotonic() + timeout_s
        try:
            while not self._storage.is_closed:
                if self._db is None:
                    self._db = self._storage.connect()
                    self._db.execute(f"LISTEN {tables.CHANNEL}".encode())
                found = tables.changes_after(self._db, self._after)
                if found is None:
                    raise RevisionGone(self._after)
                if found:
                    self._after = found[-1].revision
                    return found
                left_s = until - time.monotonic()
                if left_s <= 0:
                    return []
                for _ in self._db.notifies(timeout=min(left_s, _LOOK_S), stop_after=1):
                    pass
        except psycopg.Error as problem:
            self.close()
            raise self._storage.error(problem) from problem
        return []

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
