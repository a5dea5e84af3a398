"""The suite of storages, on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import storage_engines

from pyro_core.errors import NamingError, SettingsError
from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.spec import open_storage


@pytest.fixture(scope="module", autouse=True)
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage_engines.Postgres]:
    with storage_engines.running_postgres(tmp_path_factory.mktemp("postgres")) as postgres:
        TestPostgres.engine = postgres
        yield postgres


class TestPostgres(StorageSuite):
    keeps_names = True
    is_shared = True
    model_runs = 10
    engine: ClassVar[storage_engines.Postgres]

    def storage_class(self) -> type[Storage]:
        from pyro_nameserver.storage.postgres import PostgresStorage

        return PostgresStorage

    def location(self, folder: Path) -> str:
        return self.engine.schema(folder.name)


URI = "PYRO:o@h:1"


def test_a_lost_connection_is_made_anew(postgres: storage_engines.Postgres, tmp_path: Path) -> None:
    import psycopg

    with open_storage(f"postgres:{postgres.schema(tmp_path.name)}") as storage:
        storage.put("a", URI)
        subscription = storage.subscribe(storage.snapshot().revision)
        assert subscription.changes(0.0) == []
        with psycopg.connect(postgres.location) as db:
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        assert storage.get("a") is not None
        storage.put("b", URI)
        with pytest.raises(NamingError, match="cannot use the name storage"):
            subscription.changes(5.0)
        assert [change.name for change in subscription.changes(5.0)] == ["b"]
        subscription.close()


def test_a_commit_whose_answer_is_lost_is_not_repeated(
    postgres: storage_engines.Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    @contextmanager
    def transaction(db: Any) -> Iterator[None]:
        yield
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with open_storage(f"postgres:{postgres.schema(tmp_path.name)}") as storage:
        monkeypatch.setattr(psycopg.Connection, "transaction", transaction)
        with pytest.raises(NamingError, match="may or may not have been made; look, and try again"):
            storage.put("a", URI)


def test_a_database_that_cannot_hold_all_names_is_refused(postgres: storage_engines.Postgres) -> None:
    import psycopg

    with psycopg.connect(postgres.location, autocommit=True) as db:
        db.execute("CREATE DATABASE plain ENCODING 'SQL_ASCII' TEMPLATE template0")
    with pytest.raises(NamingError, match="has the encoding SQL_ASCII, which cannot hold all names"):
        open_storage(f"postgres:{postgres.location.replace('/postgres', '/plain')}")


def test_a_server_that_does_not_run_is_told_at_once_and_without_the_password() -> None:
    (port,) = storage_engines.free_ports(1)
    with pytest.raises(NamingError, match=r"in the database 'd' of 127\.0\.0\.1: .*[Rr]efused") as caught:
        open_storage(f"postgres:postgresql://me:secret@127.0.0.1:{port}/d")
    assert "secret" not in str(caught.value)


def test_what_is_no_location_is_refused() -> None:
    with pytest.raises(SettingsError, match="write 'postgres:postgresql://USER@HOST/DATABASE'"):
        open_storage("postgres:=nonsense=")
