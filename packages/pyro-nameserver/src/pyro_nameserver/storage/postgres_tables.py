"""The tables of names in PostgreSQL, and what is done with them inside a transaction.

Whoever changes names first locks the one row of ``pyro_ns_state``, so that revisions become visible in their
order. Names may be longer than what an index takes, so a digest is their key.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from pyro_nameserver.storage.base import (
    KEPT_CHANGES,
    Change,
    ChangeKind,
    Entry,
    Snapshot,
    first_revision,
)
from pyro_nameserver.storage.encoding import from_json, to_json

CHANNEL: Final = "pyro_ns"
"""Where changes are announced."""
Row = tuple[Any, ...]
Connection = psycopg.Connection[Row]

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS pyro_ns_state"
    " (single boolean PRIMARY KEY DEFAULT true CHECK (single), revision bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pyro_ns_names (key bytea PRIMARY KEY, name text NOT NULL, uri text NOT NULL,"
    " tags text[] NOT NULL, ttl_s double precision, owner text NOT NULL, ends_at timestamptz)",
    "CREATE INDEX IF NOT EXISTS pyro_ns_names_by_end ON pyro_ns_names(ends_at) WHERE ends_at IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS pyro_ns_changes"
    " (revision bigint PRIMARY KEY, kind text NOT NULL, name text NOT NULL, entry text)",
)
_SCHEMA_LOCK: Final = 0x7079726F
"""Number of the advisory lock that a name server holds while it makes the tables."""
_COLUMNS: Final = "n.name, n.uri, n.tags, n.ttl_s, n.owner"
_END: Final = "clock_timestamp() + %s * interval '1 second'"


def prepare(db: Connection) -> None:
    """Make the tables, unless they are there."""
    db.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
    for statement in _SCHEMA:
        db.execute(statement)
    db.execute("INSERT INTO pyro_ns_state(revision) VALUES (%s) ON CONFLICT DO NOTHING", (first_revision(),))


def lock(db: Connection) -> None:
    """Be the only one who changes names, until the transaction ends."""
    db.execute("SELECT revision FROM pyro_ns_state FOR UPDATE")


def select(db: Connection, condition: str = "", values: Sequence[Any] = ()) -> dict[str, Entry]:
    """The entries for which a condition holds, about ``n``."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM pyro_ns_names AS n {condition}".encode(), values)
    return dict(map(_entry, rows))


def entry_of(db: Connection, name: str) -> Entry | None:
    """The entry of a name, or None."""
    return select(db, "WHERE n.key = %s", (_key(name),)).get(name)


def entries_of(db: Connection, names: Sequence[str]) -> dict[str, Entry]:
    """The entries of those names that are there."""
    return select(db, "WHERE n.key = ANY(%s)", (list(map(_key, names)),))


def write(db: Connection, name: str, entry: Entry, before: Entry | None, *, begin_lease: bool) -> None:
    """Store an entry in place of what there was; its lease begins, or else goes on as it was."""
    values = (encoded(entry.uri), list(map(encoded, entry.tags)))
    if begin_lease:
        db.execute(
            "INSERT INTO pyro_ns_names(key, name, uri, tags, ttl_s, owner, ends_at)"
            f" VALUES (%s, %s, %s, %s, %s, %s, {_END}) ON CONFLICT (key) DO UPDATE SET"
            " uri = excluded.uri, tags = excluded.tags, ttl_s = excluded.ttl_s, owner = excluded.owner,"
            " ends_at = excluded.ends_at",
            (_key(name), encoded(name), *values, entry.ttl_s, entry.owner, entry.ttl_s),
        )
    else:
        db.execute("UPDATE pyro_ns_names SET uri = %s, tags = %s WHERE key = %s", (*values, _key(name)))
    _note(db, "added" if before is None else "changed", [(name, entry)])


def erase(db: Connection, names: Sequence[str]) -> None:
    """Forget names that are there."""
    db.execute("DELETE FROM pyro_ns_names WHERE key = ANY(%s)", (list(map(_key, names)),))
    _note(db, "removed", [(name, None) for name in names])


def renew(db: Connection, names: Sequence[str], by: str | None) -> frozenset[str]:
    """Make leases last their full time from now on; gives the names of those that were."""
    rows = db.execute(
        "UPDATE pyro_ns_names SET ends_at = clock_timestamp() + ttl_s * interval '1 second'"
        " WHERE key = ANY(%s) AND ends_at IS NOT NULL AND owner = coalesce(%s, owner) RETURNING name",
        (list(map(_key, names)), by),
    )
    return frozenset(decoded(name) for (name,) in rows)


def time_left(db: Connection, names: Sequence[str]) -> dict[str, float]:
    """Leased names, and how many seconds each lease still lasts."""
    rows = db.execute(
        "SELECT name, greatest(extract(epoch FROM ends_at - clock_timestamp()), 0) FROM pyro_ns_names"
        " WHERE key = ANY(%s) AND ends_at IS NOT NULL",
        (list(map(_key, names)),),
    )
    return {decoded(name): float(left) for name, left in rows}


def any_ended(db: Connection) -> bool:
    """Whether a lease has ended."""
    row = db.execute(
        "SELECT EXISTS (SELECT FROM pyro_ns_names WHERE ends_at <= clock_timestamp())"
    ).fetchone()
    return row is not None and bool(row[0])


def expire(db: Connection) -> list[str]:
    """Forget the names whose lease has ended."""
    rows = db.execute("DELETE FROM pyro_ns_names WHERE ends_at <= clock_timestamp() RETURNING name, ends_at")
    names = [decoded(name) for name, _ in sorted(rows.fetchall(), key=lambda row: row[1])]
    if names:
        _note(db, "expired", [(name, None) for name in names])
    return names


def snapshot(db: Connection) -> Snapshot:
    """All entries, and their revision: one statement sees one moment."""
    rows = db.execute(
        f"SELECT s.revision, {_COLUMNS} FROM pyro_ns_state AS s LEFT JOIN pyro_ns_names AS n ON true".encode()
    ).fetchall()
    return Snapshot(rows[0][0], dict(_entry(row[1:]) for row in rows if row[1] is not None))


def changes_after(db: Connection, revision: int) -> list[Change] | None:
    """The changes after a revision; None if they are not known any more."""
    rows = db.execute(
        "SELECT s.revision, c.revision, c.kind, c.name, c.entry FROM pyro_ns_state AS s"
        " LEFT JOIN pyro_ns_changes AS c ON c.revision > %s ORDER BY c.revision",
        (revision,),
    ).fetchall()
    found = [
        Change(at, kind, decoded(name), None if text is None else from_json(text))
        for _, at, kind, name, text in rows
        if at is not None
    ]
    return found if len(found) == rows[0][0] - revision else None


def encoded(text: str) -> str:
    """A text as PostgreSQL, which knows no NUL, can keep it; prefixes become prefixes of what it becomes."""
    return text.replace("\x01", "\x01b").replace("\0", "\x01a")


def decoded(text: str) -> str:
    """The text that it was."""
    return text.replace("\x01a", "\0").replace("\x01b", "\x01")


def _key(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _entry(row: Row) -> tuple[str, Entry]:
    name, uri, tags, ttl_s, owner = row
    return decoded(name), Entry(decoded(uri), frozenset(map(decoded, tags)), ttl_s, owner)


def _note(db: Connection, kind: ChangeKind, changed: Sequence[tuple[str, Entry | None]]) -> None:
    """Write down changes, each with a revision of its own, and announce them."""
    names = [encoded(name) for name, _ in changed]
    entries = [None if entry is None else to_json(entry) for _, entry in changed]
    db.execute(
        "WITH state AS (UPDATE pyro_ns_state SET revision = revision + %s RETURNING revision - %s AS before)"
        " INSERT INTO pyro_ns_changes(revision, kind, name, entry)"
        " SELECT state.before + c.place, %s, c.name, c.entry"
        " FROM state, unnest(%s::text[], %s::text[]) WITH ORDINALITY AS c(name, entry, place)",
        (len(changed), len(changed), kind, names, entries),
    )
    db.execute(
        "DELETE FROM pyro_ns_changes WHERE revision <= (SELECT revision - %s FROM pyro_ns_state)",
        (KEPT_CHANGES,),
    )
    db.execute(f"NOTIFY {CHANNEL}".encode())
