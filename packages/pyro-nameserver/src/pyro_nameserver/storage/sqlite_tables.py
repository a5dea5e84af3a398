"""The tables of a sqlite name storage, and what is done with them inside a transaction.

Source: tables ``pyro_names`` and ``pyro_metadata`` as Pyro4 4.82 and Pyro5 5.17 create them. A stock name
server can open the file again afterwards: it sees no more than these two. What it does to a leased name makes
that permanent: a lease counts only for the address that it was given for.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from pyro_nameserver.storage.base import (
    KEPT_CHANGES,
    Change,
    ChangeKind,
    Entry,
    first_revision,
)
from pyro_nameserver.storage.encoding import from_json, to_json

_LAST_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS pyro_names"
    " (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pyro_metadata"
    " (object integer NOT NULL, metadata nvarchar NOT NULL, FOREIGN KEY(object) REFERENCES pyro_names(id))",
    "CREATE INDEX IF NOT EXISTS pyro_metadata_by_object ON pyro_metadata(object)",
    "CREATE INDEX IF NOT EXISTS pyro_metadata_by_tag ON pyro_metadata(metadata, object)",
    # ends_at is what time.monotonic() shows then: the same for all processes until the machine is restarted.
    "CREATE TABLE IF NOT EXISTS pyro_leases (name nvarchar NOT NULL PRIMARY KEY, uri nvarchar NOT NULL,"
    " owner nvarchar NOT NULL, ttl_s real NOT NULL, ends_at real NOT NULL)",
    "CREATE INDEX IF NOT EXISTS pyro_leases_by_end ON pyro_leases(ends_at)",
    "CREATE TABLE IF NOT EXISTS pyro_changes (revision integer PRIMARY KEY AUTOINCREMENT,"
    " kind nvarchar NOT NULL, name nvarchar NOT NULL, entry nvarchar)",
)
_FROM: Final = "FROM pyro_names AS n LEFT JOIN pyro_leases AS l ON l.name = n.name AND l.uri = n.uri"
_ENTRIES: Final = (
    "SELECT n.name, n.uri, l.ttl_s, l.owner, m.metadata"
    f" {_FROM} LEFT JOIN pyro_metadata AS m ON m.object = n.id"
)


def prepare(db: sqlite3.Connection, now: float) -> None:
    """Bring the tables of any stock version, or none, to the shape used here; all leases begin anew.

    Args:
        db: The open file.
        now: What the monotonic clock shows, in seconds.
    """
    columns = {row[1] for row in db.execute("PRAGMA table_info(pyro_names)")}
    if columns and "id" not in columns:  # from before there was metadata
        db.execute("ALTER TABLE pyro_names RENAME TO pyro_names_old")
        db.execute(_SCHEMA[0])
        db.execute("INSERT OR REPLACE INTO pyro_names(name, uri) SELECT name, uri FROM pyro_names_old")
        db.execute("DROP TABLE pyro_names_old")
    for statement in _SCHEMA:
        db.execute(statement)
    if not revision_of(db):
        db.execute("INSERT INTO sqlite_sequence(name, seq) VALUES ('pyro_changes', ?)", (first_revision(),))
    db.execute(
        "DELETE FROM pyro_leases WHERE NOT EXISTS (SELECT 1 FROM pyro_names AS n"
        " WHERE n.name = pyro_leases.name AND n.uri = pyro_leases.uri)"
    )
    db.execute("UPDATE pyro_leases SET ends_at = ? + ttl_s", (now,))


def revision_of(db: sqlite3.Connection) -> int:
    """Revision of the last change; 0 if there never was one."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'pyro_changes'").fetchone()
    return 0 if row is None else int(row[0])


def select(db: sqlite3.Connection, condition: str = "", values: Sequence[str] = ()) -> dict[str, Entry]:
    """The entries for which a condition holds, about ``n.id``, ``n.name`` or ``n.uri``."""
    facts: dict[str, tuple[str, float | None, str]] = {}
    tags: dict[str, list[str]] = {}
    for name, uri, ttl_s, owner, tag in db.execute(f"{_ENTRIES} {condition}", values):
        facts[name] = uri, ttl_s, owner or ""
        if tag is not None:
            tags.setdefault(name, []).append(tag)
    return {
        name: Entry(uri, frozenset(tags.get(name, ())), ttl_s, owner)
        for name, (uri, ttl_s, owner) in facts.items()
    }


def entry_of(db: sqlite3.Connection, name: str) -> Entry | None:
    """The entry of a name, or None."""
    return select(db, "WHERE n.name = ?", (name,)).get(name)


def write(
    db: sqlite3.Connection, name: str, entry: Entry, before: Entry | None, ends_at: float | None
) -> None:
    """Store an entry in place of what there was; ``ends_at`` None leaves the end of its lease as it is."""
    if before is None:
        key = db.execute("INSERT INTO pyro_names(name, uri) VALUES (?, ?)", (name, entry.uri)).lastrowid
    else:
        (key,) = db.execute("SELECT id FROM pyro_names WHERE name = ?", (name,)).fetchone()
        if before.uri != entry.uri:
            db.execute("UPDATE pyro_names SET uri = ? WHERE id = ?", (entry.uri, key))
        if before.tags:
            db.execute("DELETE FROM pyro_metadata WHERE object = ?", (key,))
    rows = [(key, tag) for tag in entry.tags]
    db.executemany("INSERT INTO pyro_metadata(object, metadata) VALUES (?, ?)", rows)
    if entry.ttl_s is None:
        db.execute("DELETE FROM pyro_leases WHERE name = ?", (name,))
    elif ends_at is not None:
        db.execute(
            "INSERT OR REPLACE INTO pyro_leases(name, uri, owner, ttl_s, ends_at) VALUES (?, ?, ?, ?, ?)",
            (name, entry.uri, entry.owner, entry.ttl_s, ends_at),
        )
    _note(db, "added" if before is None else "changed", name, to_json(entry))


def erase(db: sqlite3.Connection, name: str, kind: ChangeKind = "removed") -> None:
    """Forget a name that is there."""
    (key,) = db.execute("SELECT id FROM pyro_names WHERE name = ?", (name,)).fetchone()
    db.execute("DELETE FROM pyro_metadata WHERE object = ?", (key,))
    db.execute("DELETE FROM pyro_names WHERE id = ?", (key,))
    db.execute("DELETE FROM pyro_leases WHERE name = ?", (name,))
    _note(db, kind, name, None)


def renew(db: sqlite3.Connection, names: Iterable[str], by: str | None, now: float) -> frozenset[str]:
    """Make leases last their full time from now on; gives the names of those that were."""
    return frozenset(
        name
        for name in names
        if db.execute(
            "UPDATE pyro_leases SET ends_at = ? + ttl_s WHERE name = ? AND owner = coalesce(?, owner)"
            " AND uri = (SELECT uri FROM pyro_names AS n WHERE n.name = pyro_leases.name)",
            (now, name, by),
        ).rowcount
    )


def ended(db: sqlite3.Connection, now: float) -> list[str]:
    """The names whose lease has ended."""
    rows = db.execute(f"SELECT n.name {_FROM} WHERE l.ends_at <= ?", (now,))
    return [name for (name,) in rows]


def time_left(db: sqlite3.Connection, now: float) -> list[tuple[str, float]]:
    """Leased names, and how many seconds each lease still lasts."""
    rows = db.execute(f"SELECT n.name, max(l.ends_at - ?, 0.0) {_FROM} WHERE l.ends_at IS NOT NULL", (now,))
    return rows.fetchall()


def changes_after(db: sqlite3.Connection, revision: int) -> list[Change] | None:
    """The changes after a revision; None if they are not known any more."""
    rows = db.execute(
        "SELECT revision, kind, name, entry FROM pyro_changes WHERE revision > ? ORDER BY revision",
        (revision,),
    ).fetchall()
    last = revision_of(db)
    if revision > last or len(rows) != last - revision:
        return None
    return [
        Change(at, kind, name, None if text is None else from_json(text)) for at, kind, name, text in rows
    ]


def after_prefix(prefix: str) -> str | None:
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


def _note(db: sqlite3.Connection, kind: ChangeKind, name: str, entry: str | None) -> None:
    revision = db.execute(
        "INSERT INTO pyro_changes(kind, name, entry) VALUES (?, ?, ?)", (kind, name, entry)
    ).lastrowid
    assert revision is not None
    db.execute("DELETE FROM pyro_changes WHERE revision <= ?", (revision - KEPT_CHANGES,))
