"""The suite of storages, on a real etcd."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import storage_engines

from pyro_core.errors import RevisionGone
from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.etcd import EtcdStorage, parse_location
from pyro_nameserver.storage.etcd_gateway import EtcdGateway


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


URI = "PYRO:o@h:1"


def test_what_was_compacted_is_gone(etcd: storage_engines.Etcd, tmp_path: Path) -> None:
    members, root = parse_location(f"{etcd.location}{tmp_path}")
    gateway = EtcdGateway(members)
    with EtcdStorage(gateway, root) as storage:
        before = storage.snapshot().revision
        for number in range(3):
            storage.put(f"name{number}", URI)
        revision = gateway.ask("/v3/kv/range", {"key": "AA=="}).data["header"]["revision"]
        gateway.ask("/v3/kv/compaction", {"revision": revision})
        with storage.subscribe(before) as subscription:
            for _ in range(2):
                with pytest.raises(RevisionGone):
                    subscription.changes(10.0)
        with storage.subscribe(storage.snapshot().revision) as subscription:
            storage.put("name3", URI)
            assert [change.name for change in subscription.changes(10.0)] == ["name3"]


def test_a_watch_goes_on_when_its_member_is_lost(tmp_path: Path) -> None:
    with (
        storage_engines.running_etcd(tmp_path, members=3) as etcd,
        EtcdStorage.open(etcd.location) as storage,
    ):
        subscription = storage.subscribe(storage.snapshot().revision)
        storage.put("one", URI)
        assert [change.name for change in subscription.changes(10.0)] == ["one"]
        etcd.kill(0)  # the first that is asked
        writer = threading.Thread(target=storage.put, args=("two", URI))
        writer.start()
        assert [change.name for change in subscription.changes(20.0)] == ["two"]
        writer.join()
        subscription.close()
