"""Names in a sqlite file."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from pyro_core.errors import NamingError, RevisionGone
from pyro_core.testing.clock import FakeClock
from pyro_nameserver.storage import sqlite_tables
from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.sqlite import SqliteStorage

URI = "PYRO:obj@localhost:4444"

STOCK_TABLES = [
    "CREATE TABLE pyro_names (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, uri nvarchar NOT NULL)",
    "CREATE TABLE pyro_metadata (object integer NOT NULL, metadata nvarchar NOT NULL,"
    " FOREIGN KEY(object) REFERENCES pyro_names(id))",
]
BEFORE_METADATA = ["CREATE TABLE pyro_names (name nvarchar PRIMARY KEY NOT NULL, uri nvarchar NOT NULL)"]

WRITER = """
import sys
from pyro_nameserver.storage.sqlite import SqliteStorage
storage = SqliteStorage(sys.argv[1])
for number in range(100_000):
    storage.put(f"name{number}", "PYRO:obj@localhost:4444", frozenset({"tag"}))
    print(number, flush=True)  # acknowledged
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "names.sqlite"


def _make(file: Path, statements: Sequence[str]) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_names_are_there_after_opening_again(file: Path) -> None:
    with SqliteStorage(file) as storage:
        storage.put("a", URI, frozenset({"x", "y"}))
    with SqliteStorage(file) as storage:
        assert storage.find() == {"a": Entry(URI, frozenset({"x", "y"}))}


def test_what_was_acknowledged_survives_kill_9(file: Path) -> None:
    """E3."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        acknowledged = [int(next(writer.stdout)) for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    finally:
        writer.kill()
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()
    with SqliteStorage(file) as storage:
        names = storage.find_all_tags(frozenset({"tag"}))
        assert {f"name{number}" for number in acknowledged} <= set(names)
        assert storage.count() == len(names), "no entry is there without its tags"


def test_a_prefix_is_literal_and_case_sensitive(file: Path) -> None:
    """E2."""
    with SqliteStorage(file) as storage:
        for name in ("a_c", "abc", "a%c", "A_c", "a_d"):
            storage.put(name, URI)
        assert set(storage.find("a_")) == {"a_c", "a_d"}
        assert set(storage.find("a%")) == {"a%c"}
        assert set(storage.find("A")) == {"A_c"}


@pytest.mark.parametrize("last", ["\ud7fe", "\ud7ff", "\U0010fffe", "\U0010ffff"])
def test_a_prefix_may_end_with_any_character(file: Path, last: str) -> None:
    prefix = "n" + last
    with SqliteStorage(file) as storage:
        for name in (prefix, prefix + "\U0010ffff", "n" + "\ue000", "o", "n"):
            storage.put(name, URI)
        assert set(storage.find(prefix)) == {prefix, prefix + "\U0010ffff"}
        assert set(storage.find("\U0010ffff")) == set()


def test_the_connection_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """E3."""
    with SqliteStorage(file) as storage:
        monkeypatch.setattr(sqlite3, "connect", None)
        storage.put("a", URI)
        assert storage.get("a") == Entry(URI, frozenset())


def test_the_file_has_a_write_ahead_log_while_in_use(file: Path) -> None:
    with SqliteStorage(file) as storage, closing(sqlite3.connect(file)) as other:
        storage.put("a", URI)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert other.execute("SELECT name FROM pyro_names").fetchall() == [("a",)]


def test_two_processes_may_share_a_file(file: Path) -> None:
    with SqliteStorage(file) as one, SqliteStorage(file) as other:
        one.put("a", URI)
        assert not other.put("a", "PYRO:other@h:1", replace=False)
        assert other.get("a") == Entry(URI, frozenset())


def test_stock_tables_are_used_as_they_are(file: Path) -> None:
    _make(
        file,
        [
            *STOCK_TABLES,
            f"INSERT INTO pyro_names VALUES (7, 'a', '{URI}'), (9, 'b', '{URI}')",
            "INSERT INTO pyro_metadata VALUES (7, 'x'), (7, 'x'), (7, '1')",
        ],
    )
    with SqliteStorage(file) as storage:
        assert storage.find() == {"a": Entry(URI, frozenset({"x", "1"})), "b": Entry(URI, frozenset())}
        storage.put("c", URI, frozenset({"z"}))
    with closing(sqlite3.connect(file)) as db:
        assert [column[1] for column in db.execute("PRAGMA table_info(pyro_names)")] == ["id", "name", "uri"]
        assert [column[1] for column in db.execute("PRAGMA table_info(pyro_metadata)")] == [
            "object",
            "metadata",
        ]


def test_a_file_from_before_metadata_is_migrated(file: Path) -> None:
    _make(file, [*BEFORE_METADATA, f"INSERT INTO pyro_names VALUES ('a', '{URI}')"])
    with SqliteStorage(file) as storage:
        assert storage.set_tags("a", frozenset({"x"}))
    with SqliteStorage(file) as storage:
        assert storage.find() == {"a": Entry(URI, frozenset({"x"}))}


def test_a_failed_change_leaves_everything_as_it_was(file: Path) -> None:
    with SqliteStorage(file) as storage:
        storage.put("a", URI, frozenset({"x"}))
        with pytest.raises(UnicodeEncodeError):
            storage.put("a", "PYRO:other@h:1", frozenset({"\ud800"}))
        assert storage.get("a") == Entry(URI, frozenset({"x"}))


def test_a_file_that_is_something_else_is_refused(file: Path) -> None:
    file.write_text("this is no database, " * 100)
    with pytest.raises(NamingError, match=r"cannot open the name storage .* must be a sqlite file"):
        SqliteStorage(file)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NamingError, match="cannot open the name storage"):
        SqliteStorage(tmp_path / "nowhere" / "names.sqlite")


@pytest.mark.parametrize("location", ["", ":memory:"])
def test_a_file_must_be_named(location: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        SqliteStorage.open(location)


def test_threads_share_one_storage(file: Path) -> None:
    winners = []
    start = threading.Barrier(4)

    def compete(worker: int) -> None:
        start.wait()
        for number in range(25):
            if storage.put(f"name{number}", f"PYRO:o{worker}@h:1", replace=False):
                winners.append(number)

    with SqliteStorage(file) as storage, ThreadPoolExecutor(4) as pool:
        list(pool.map(compete, range(4)))
        assert sorted(winners) == list(range(25))
        assert storage.count() == 25


def test_leases_last_their_full_time_again_when_the_file_is_opened(file: Path) -> None:
    clock = FakeClock()
    with SqliteStorage(file, clock=clock) as storage:
        storage.put("a", URI, ttl_s=10.0, owner="me")
    restarted = FakeClock(5.0)  # another machine, or the same after a restart
    with SqliteStorage(file, clock=restarted) as storage:
        assert storage.get("a") == Entry(URI, frozenset(), 10.0, "me")
        restarted.advance(9.9)
        assert storage.expire() == []
        restarted.advance(0.1)
        assert storage.expire() == ["a"]


def test_what_a_stock_name_server_does_to_a_leased_name_makes_it_permanent(file: Path) -> None:
    clock = FakeClock()
    with SqliteStorage(file, clock=clock) as storage:
        for name in ("kept", "removed", "replaced"):
            storage.put(name, URI, ttl_s=10.0, owner="me")
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("DELETE FROM pyro_names WHERE name IN ('removed', 'replaced')")
        db.execute("INSERT INTO pyro_names(name, uri) VALUES ('replaced', 'PYRO:other@h:1')")
    with SqliteStorage(file, clock=clock) as storage:
        assert storage.find() == {
            "kept": Entry(URI, frozenset(), 10.0, "me"),
            "replaced": Entry("PYRO:other@h:1", frozenset()),
        }
        storage.put("removed", URI)
        clock.advance(10.0)
        assert storage.expire() == ["kept"]


def test_changes_are_known_after_opening_again(file: Path) -> None:
    with SqliteStorage(file) as storage:
        before = storage.snapshot().revision
        storage.put("a", URI)
    with SqliteStorage(file) as storage, storage.subscribe(before) as subscription:
        storage.remove("a")
        assert [(c.revision, c.kind, c.name) for c in subscription.changes(0.0)] == [
            (before + 1, "added", "a"),
            (before + 2, "removed", "a"),
        ]


def test_only_the_last_changes_are_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_tables, "KEPT_CHANGES", 3)
    with SqliteStorage(file) as storage:
        before = storage.snapshot().revision
        slow = storage.subscribe(before)
        for number in range(4):
            storage.put(f"name{number}", URI)
        assert len(storage.subscribe(before + 1).changes(0.0)) == 3
        with pytest.raises(RevisionGone):
            storage.subscribe(before)
        with pytest.raises(RevisionGone):
            slow.changes(0.0)


def test_more_tags_than_one_statement_takes(file: Path) -> None:
    tags = frozenset(f"tag{number}" for number in range(1200))
    with SqliteStorage(file) as storage:
        storage.put("a", URI, tags)
        assert storage.find_all_tags(tags) == storage.find_any_tag(tags) == {"a": Entry(URI, tags)}
