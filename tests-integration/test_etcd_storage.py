"""The suite of storages, on a real etcd."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import storage_engines

from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.etcd import EtcdStorage


@pytest.fixture(scope="module", autouse=True)
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage_engines.Etcd]:
    with storage_engines.running_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        TestEtcd.engine = etcd
        yield etcd


class TestEtcd(StorageSuite):
    keeps_names = True
    is_shared = True
    model_runs = 10
    engine: ClassVar[storage_engines.Etcd]

    def storage_class(self) -> type[Storage]:
        return EtcdStorage

    def location(self, folder: Path) -> str:
        return f"{self.engine.location}{folder}"
