"""Texts that choose a storage."""

from pathlib import Path

import pytest

from pyro_core.errors import PluginError, SettingsError
from pyro_core.plugins import STORAGES, Registry, storages
from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.spec import open_storage
from pyro_nameserver.storage.sqlite import SqliteStorage


def test_memory() -> None:
    with open_storage("memory") as storage:
        assert isinstance(storage, MemoryStorage)


@pytest.mark.parametrize("name", ["sqlite", "sql"])
def test_a_sqlite_file_by_its_own_and_by_the_classic_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a:b.sqlite"
    with open_storage(f"{name}:{file}") as storage:
        assert isinstance(storage, SqliteStorage)
    assert file.exists(), "only the first colon separates"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("", "invalid storage type ''; there are .*'memory', .*'sqlite'"),
        ("bogus:x", "invalid storage type 'bogus'; there are .*'memory', .*'sqlite'"),
        ("sqlite", "invalid storage 'sqlite': the sqlite storage needs a file"),
        ("sql::memory:", "invalid storage 'sql::memory:': the sqlite storage needs a file"),
        ("memory:x", "invalid storage 'memory:x': the memory storage takes no location"),
    ],
)
def test_a_bad_text_is_an_error_that_says_what_to_write(spec: str, text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        open_storage(spec)


def test_who_has_a_dbm_file_is_told_which_package_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without_plugins = Registry("no.such.group", STORAGES)
    monkeypatch.setattr("pyro_nameserver.storage.spec.storages", lambda: without_plugins)
    with pytest.raises(SettingsError, match=r"invalid storage type 'dbm': .* pyro4-compat .* 'sqlite:FILE'"):
        open_storage("dbm:file")


def test_a_bad_text_is_a_value_error_as_in_the_classic_systems() -> None:
    with pytest.raises(ValueError, match="invalid storage type"):
        open_storage("bogus")


def test_a_storage_of_the_program_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(MemoryStorage):
        name = "elsewhere"

        @classmethod
        def open(cls, location: str = "") -> "Elsewhere":
            assert location == "host:port"
            return cls()

    registry = storages()
    registry.register("elsewhere", Elsewhere)
    monkeypatch.setattr("pyro_nameserver.storage.spec.storages", lambda: registry)
    assert isinstance(open_storage("elsewhere:host:port"), Elsewhere)


def test_a_broken_plugin_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def load(self, name: str) -> None:
            raise PluginError("broken: pip install 'x[y]'", name=name)

        def names(self) -> list[str]:
            return ["memory", "broken"]

    monkeypatch.setattr("pyro_nameserver.storage.spec.storages", Broken)
    with pytest.raises(PluginError, match="pip install"):
        open_storage("broken:x")
