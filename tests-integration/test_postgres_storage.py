"""The suite of storages, on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import storage_engines

from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Storage


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
