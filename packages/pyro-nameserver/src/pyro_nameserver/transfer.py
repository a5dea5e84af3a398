"""Names as lines of JSON, and from one storage into another."""

import contextlib
import dbm
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pyro_core.errors import NamingError, PyroError, SettingsError
from pyro_core.names import NAMESERVER_ID
from pyro_nameserver.inputs import checked_name, checked_tags, checked_ttl, checked_uri
from pyro_nameserver.storage.base import Entry, Storage
from pyro_nameserver.storage.spec import open_storage

_SQLITE: Final = frozenset({"sqlite", "sql"})
_SQLITE_HEAD: Final = b"SQLite format 3\0"
_FIELDS: Final = frozenset({"name", "uri", "tags", "ttl"})


class Copied(NamedTuple):
    """What became of the names.

    Attributes:
        copied: How many are in the target now.
        kept: Those that were there before, and were left as they were.
        leased: Those that the target cannot hold, because they are leased.
    """

    copied: int
    kept: list[str]
    leased: list[str]


def to_line(name: str, entry: Entry) -> str:
    """A name as one line of JSON. A lease is told, but not whose it is."""
    fields: dict[str, Any] = {"name": name, "uri": entry.uri, "tags": sorted(entry.tags)}
    if entry.ttl_s is not None:
        fields["ttl"] = entry.ttl_s
    return json.dumps(fields)


def from_lines(lines: Iterable[str], where: str) -> dict[str, Entry]:
    """The names of an export; empty lines do not count, and the name server's own name is left out.

    Args:
        lines: As ``to_line`` made them, or somebody by hand.
        where: What to call them in errors.

    Raises:
        NamingError: If a line is something else.
    """
    found: dict[str, Entry] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = _fields(json.loads(line))
            if fields["name"] != NAMESERVER_ID:
                entry = Entry(
                    checked_uri(fields["uri"]),
                    checked_tags("tags", fields.get("tags")),
                    checked_ttl(fields.get("ttl")),
                )
                found[checked_name(fields["name"])] = entry
        except (ValueError, TypeError, PyroError) as problem:
            raise NamingError(
                f"line {number} of {where} is no name: {problem}; nothing was imported. Expected lines like "
                '{"name": "shop.till", "uri": "PYRO:till@host:4444", "tags": []}'
            ) from problem
    return found


def copy(names: Mapping[str, Entry], target: Storage, *, replace: bool = False) -> Copied:
    """Put names into a storage, with their leases and owners; not the name server's own.

    Args:
        names: Name -> entry.
        target: The storage.
        replace: Whether names that are there get the new entry.

    Raises:
        NamingError: If it is unavailable.
    """
    copied, kept, leased = 0, [], []
    for name, entry in names.items():
        if name == NAMESERVER_ID:
            continue
        if entry.ttl_s is not None and not target.takes_leases:
            leased.append(name)
        elif target.put(name, entry.uri, entry.tags, replace=replace, ttl_s=entry.ttl_s, owner=entry.owner):
            copied += 1
        else:
            kept.append(name)
    return Copied(copied, sorted(kept), sorted(leased))


def read_names(spec: str) -> dict[str, Entry]:
    """All names of a storage, which stays as it is.

    Args:
        spec: As for ``open_storage``; also the path of a sqlite or dbm file of a Pyro4 or Pyro5 name server,
            and ``dbm:FILE``.

    Raises:
        SettingsError: If there is no such storage or file.
        NamingError: If it cannot be read.
    """
    kind, path = _recognised(spec)
    if kind in _SQLITE:
        return _names_in_sqlite(path)
    if kind == "dbm":
        return _names_in_dbm(path)
    with open_storage(spec) as storage:
        return storage.find()


def _fields(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"name", "uri"} <= value.keys() <= _FIELDS:
        raise ValueError(f"it must be an object with name, uri, and perhaps tags and ttl, got {value!r:.80}")
    return value


def _recognised(spec: str) -> tuple[str, str]:
    """Kind and path of a storage; a path alone is looked at."""
    kind, _, path = spec.partition(":")
    if kind in _SQLITE or kind == "dbm":
        if not Path(path).is_file() and not (kind == "dbm" and dbm.whichdb(path)):
            raise SettingsError(f"there is no file {path!r} to read names from", name="storage")
        return kind, path
    if Path(spec).is_file():
        with open(spec, "rb") as file:
            if file.read(len(_SQLITE_HEAD)) == _SQLITE_HEAD:
                return "sqlite", spec
    if dbm.whichdb(spec):
        return "dbm", spec
    return kind, path


def _names_in_sqlite(path: str) -> dict[str, Entry]:
    """From a copy, as opening a file of a stock name server would add our tables to it."""
    with tempfile.TemporaryDirectory(prefix="pyro-ns-") as folder:
        copied = str(Path(folder, "names.sqlite"))
        try:
            with (
                contextlib.closing(
                    sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
                ) as source,
                contextlib.closing(sqlite3.connect(copied)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as problem:
            raise NamingError(
                f"cannot read names from {path!r}: {problem}; it must be a sqlite file"
            ) from problem
        with open_storage(f"sqlite:{copied}") as storage:
            return storage.find()


def _names_in_dbm(path: str) -> dict[str, Entry]:
    try:
        with dbm.open(_without_extension(path), "r") as table:
            return {key.decode(): Entry(table[key].decode(), frozenset()) for key in _keys(table)}
    except (*_DBM_ERRORS, UnicodeDecodeError) as problem:
        raise NamingError(
            f"cannot read names from {path!r}: {problem}; it must be a dbm file of a Pyro4 name server, of a "
            "kind that this Python can read"
        ) from problem


_DBM_ERRORS: Final = dbm.error if isinstance(dbm.error, tuple) else (dbm.error,)


def _keys(table: Any) -> Iterator[bytes]:
    yield from list(table.keys())


def _without_extension(path: str) -> str:
    """The name that the dbm module takes: some kinds add an extension themselves."""
    if dbm.whichdb(path):
        return path
    return str(Path(path).with_suffix(""))
