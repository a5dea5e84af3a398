"""Names as lines, and from one storage into another."""

import dbm.dumb
import sqlite3
from pathlib import Path

import pytest

from pyro_core.errors import NamingError, SettingsError
from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.sqlite import SqliteStorage
from pyro_nameserver.transfer import Copied, copy, from_lines, read_names, to_line

HERE = "PYRO:obj@localhost:4444"
NAMES = {
    "plain": Entry(HERE, frozenset()),
    "tagged": Entry(HERE, frozenset(["b", "a"])),
    "leased": Entry(HERE, frozenset(), 5.0, "somebody"),
}


def test_lines_come_back_as_names_without_owners() -> None:
    lines = [to_line(name, entry) for name, entry in NAMES.items()]
    assert lines[1] == '{"name": "tagged", "uri": "PYRO:obj@localhost:4444", "tags": ["a", "b"]}'
    assert from_lines([*lines, "\n"], "here") == NAMES | {"leased": Entry(HERE, frozenset(), 5.0)}


def test_the_name_servers_own_name_is_not_taken_over() -> None:
    assert from_lines(['{"name": "Pyro.NameServer", "uri": "PYRO:Pyro.NameServer@h:1"}'], "here") == {}


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"name": "a"}',
        '{"name": "a", "uri": "bogus"}',
        '{"name": "", "uri": "PYRO:a@h:1"}',
        '{"name": "a", "uri": "PYRO:a@h:1", "tags": "red"}',
        '{"name": "a", "uri": "PYRO:a@h:1", "ttl": 0}',
        '{"name": "a", "uri": "PYRO:a@h:1", "tag": []}',
    ],
)
def test_a_line_that_is_no_name_is_told_with_its_number(line: str) -> None:
    good = to_line("plain", NAMES["plain"])
    with pytest.raises(NamingError, match=r"line 2 of here is no name: .*; nothing was imported"):
        from_lines([good, line], "here")


def test_copying_takes_leases_and_owners_along_and_leaves_what_is_there() -> None:
    target = MemoryStorage()
    target.put("plain", "PYRO:other@h:1")
    assert copy(NAMES, target) == Copied(2, ["plain"], [])
    assert target.find() == NAMES | {"plain": Entry("PYRO:other@h:1", frozenset())}
    assert copy(NAMES, target, replace=True) == Copied(3, [], [])
    assert target.find() == NAMES


class Permanent(MemoryStorage):
    """A storage that has no leases."""

    takes_leases = False


def test_leased_names_are_left_out_where_there_are_no_leases() -> None:
    target = Permanent()
    assert copy(NAMES, target) == Copied(2, [], ["leased"])
    assert sorted(target.find()) == ["plain", "tagged"]


@pytest.mark.parametrize("prefix", ["", "sqlite:", "sql:"])
def test_a_sqlite_file_is_read_and_stays_as_it_is(prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "stock.sql"
    with sqlite3.connect(path) as db:  # as stock name servers make it
        db.execute(
            "CREATE TABLE pyro_names (id integer PRIMARY KEY, name text NOT NULL UNIQUE, uri text NOT NULL)"
        )
        db.execute("CREATE TABLE pyro_metadata (object integer NOT NULL, metadata text NOT NULL)")
        db.execute("INSERT INTO pyro_names VALUES (1, 'a', ?)", (HERE,))
        db.execute("INSERT INTO pyro_metadata VALUES (1, 'red')")
    db.close()
    before = path.read_bytes()
    assert read_names(f"{prefix}{path}") == {"a": Entry(HERE, frozenset(["red"]))}
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["stock.sql"]


def test_a_file_that_a_name_server_uses_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "names"
    with SqliteStorage(path) as storage:
        copy(NAMES, storage)
        assert read_names(f"sqlite:{path}") == NAMES


@pytest.mark.parametrize("prefix", ["", "dbm:"])
def test_a_dbm_file_is_read(prefix: str, tmp_path: Path) -> None:
    path = str(tmp_path / "names")
    with dbm.dumb.open(path) as table:
        table["a"] = HERE
    assert read_names(f"{prefix}{path}") == {"a": Entry(HERE, frozenset())}


@pytest.mark.parametrize("kind", ["sqlite", "dbm"])
def test_a_missing_file_is_not_made(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no file .* to read names from"):
        read_names(f"{kind}:{tmp_path / 'none'}")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("hello " * 1000)
    with pytest.raises(NamingError, match="it must be a sqlite file"):
        read_names(f"sqlite:{path}")
    with pytest.raises(NamingError, match="it must be a dbm file"):
        read_names(f"dbm:{path}")
