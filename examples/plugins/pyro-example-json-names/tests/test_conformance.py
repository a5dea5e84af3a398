"""The one test that a storage plugin needs."""

from pathlib import Path
from typing import ClassVar

from pyro_example_json_names import JsonFileStorage

from pyro_core.testing.storages import Storage, StorageSuite


class TestJsonFile(StorageSuite):
    keeps_names: ClassVar[bool] = True

    def storage_class(self) -> type[Storage]:
        return JsonFileStorage

    def location(self, folder: Path) -> str:
        return str(folder / "names.json")
