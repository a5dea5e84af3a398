"""Storages of Pyro4's name server, as mappings and as native storages."""

import dbm.dumb
from pathlib import Path
from typing import Any

import pytest

from Pyro4 import errors, naming_storage
from Pyro4.facade.dbm_storage import DbmStorage
from Pyro4.facade.storages import MappedStorage, native_storage
from pyro_core.testing.storages import StorageSuite
from pyro_nameserver.storage.base import Entry, Storage

URI = "PYRO:object@localhost:4444"


class TestMappedStorage(StorageSuite):
    def storage_class(self) -> type[Storage]:
        class OfMemory(MappedStorage):
            name = "of_memory"

            @classmethod
            def open(cls, location: str) -> Any:
                return cls(OwnMapping())

        return OfMemory


class OwnMapping(dict[str, Any]):
    """What a program may have written itself: a dict with the methods that Pyro4 asks for."""

    def optimized_prefix_list(self, prefix: str, return_metadata: bool = False) -> None:
        return None

    def optimized_metadata_search(
        self, metadata_all: Any = None, metadata_any: Any = None, return_metadata: bool = False
    ) -> None:
        return None

    def everything(self, return_metadata: bool = False) -> dict[str, Any]:
        return self.copy() if return_metadata else {name: uri for name, (uri, _) in self.items()}

    def remove_items(self, items: Any) -> None:
        for name in items:
            self.pop(name, None)

    def close(self) -> None:
        pass


class TestDbm(StorageSuite):
    """The suite, less what needs tags."""

    def storage_class(self) -> type[Storage]:
        return DbmStorage

    def location(self, folder: Path) -> str:
        return str(folder / "names")

    test_a_name_comes_back_as_it_was_put = None  # type: ignore[assignment]
    test_putting_again_replaces_address_and_tags = None  # type: ignore[assignment]
    test_putting_without_replacing_leaves_what_is_there = None  # type: ignore[assignment]
    test_tags_can_be_changed_alone = None  # type: ignore[assignment]
    test_a_removed_name_is_gone_with_its_tags = None  # type: ignore[assignment]
    test_several_names_are_removed_at_once = None  # type: ignore[assignment]
    test_names_and_tags_are_kept_as_they_are = None  # type: ignore[assignment]
    test_case_counts = None  # type: ignore[assignment]
    test_a_prefix_finds_what_begins_with_it = None  # type: ignore[assignment]
    test_all_of_several_tags = None  # type: ignore[assignment]
    test_any_of_several_tags = None  # type: ignore[assignment]
    test_what_was_found_belongs_to_the_caller = None  # type: ignore[assignment]
    test_nothing_is_lost_when_many_write_at_once = None  # type: ignore[assignment]
    test_no_half_changed_entry_is_seen = None  # type: ignore[assignment]
    test_names_outlive_the_storage_if_it_keeps_them = None  # type: ignore[assignment]
    test_whatever_is_done_it_agrees_with_a_dict = None  # type: ignore[assignment]
    test_every_change_is_told_in_order = None  # type: ignore[assignment]
    test_a_snapshot_and_the_changes_after_it_are_everything = None  # type: ignore[assignment]


def test_a_dbm_file_of_pyro4_is_read_and_written(tmp_path: Path) -> None:
    file = str(tmp_path / "names.dbm")
    with dbm.dumb.open(file, "c") as table:
        table["smörgås".encode()] = URI.encode()
    storage = DbmStorage.open(file)
    assert storage.find() == {"smörgås": Entry(URI, frozenset())}
    assert storage.put("two", URI)
    storage.close()
    with dbm.dumb.open(file, "r") as table:
        assert dict(table.items()) == {"smörgås".encode(): URI.encode(), b"two": URI.encode()}


def test_a_dbm_file_drops_tags_and_cannot_search_for_them(tmp_path: Path) -> None:
    storage = DbmStorage.open(str(tmp_path / "names.dbm"))
    before = storage.snapshot().revision
    assert storage.put("one", URI, frozenset({"blue"}))
    assert storage.get("one") == Entry(URI, frozenset())
    assert storage.subscribe(before).changes(0.0)[0].entry == Entry(URI, frozenset())
    assert storage.set_tags("one", frozenset({"blue"})) is True
    assert storage.set_tags("two", frozenset()) is False
    for find in (storage.find_all_tags, storage.find_any_tag):
        with pytest.raises(errors.native.NamingError, match="doesn't support metadata"):
            find(frozenset({"blue"}))


def test_what_is_no_dbm_file_is_a_naming_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("just text\n" * 100)
    with pytest.raises(errors.NamingError, match="cannot use the name storage"):
        naming_storage.DbmStorage(str(tmp_path / "text"))


KINDS = {
    "memory": "memory",
    "dbm": "dbm:{}/names.dbm",
    "sql": "sql:{}/names.sql",
    "sqlite": "sqlite:{}/n.sql",
}


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    storage = naming_storage.open_names(KINDS[request.param].format(tmp_path))
    yield storage
    storage.close()


def test_it_is_a_mapping(storage: Any) -> None:
    storage["one"] = (URI, [])
    storage["two"] = (URI, None)
    assert storage["one"] == (URI, set())
    assert (len(storage), sorted(storage), "one" in storage, "three" in storage) == (
        2,
        ["one", "two"],
        True,
        False,
    )
    with pytest.raises(KeyError, match="three"):
        storage["three"]
    with pytest.raises(KeyError, match="three"):
        del storage["three"]
    del storage["one"]
    assert storage.everything() == {"two": URI}
    assert "1 names" in repr(storage)
    storage.clear()
    assert not storage


def test_its_searches(storage: Any) -> None:
    for name in ("a1", "a2", "b1"):
        storage[name] = (URI, ())
    assert storage.optimized_prefix_list("a") == {"a1": URI, "a2": URI}
    assert storage.optimized_prefix_list("b", True) == {"b1": (URI, set())}
    assert storage.optimized_regex_list(".1", return_metadata=False) == {"a1": URI, "b1": URI}
    with pytest.raises(errors.NamingError, match="invalid regex"):
        storage.optimized_regex_list("((")
    storage.remove_items(["a1", "b1", "none"])
    assert storage.everything(return_metadata=True) == {"a2": (URI, set())}


def test_metadata(tmp_path: Path) -> None:
    for storage in (naming_storage.MemoryStorage(), naming_storage.SqlStorage(str(tmp_path / "names.sql"))):
        storage["one"] = (URI, {"x", "y"})
        storage["two"] = (URI, {"y"})
        assert storage["one"] == (URI, {"x", "y"})
        assert storage.optimized_metadata_search(metadata_all=["x", "y"]) == {"one": URI}
        found = storage.optimized_metadata_search(metadata_any=["x", "z"], return_metadata=True)
        assert found == {"one": (URI, {"x", "y"})}
        storage.close()


def test_it_can_be_used_again_after_it_was_closed(storage: Any) -> None:
    storage["one"] = (URI, ())
    storage.close()
    assert storage.everything() == {"one": URI}


def test_names_to_begin_with() -> None:
    assert dict(naming_storage.MemoryStorage(one=(URI, {"x"}))) == {"one": (URI, {"x"})}


@pytest.mark.parametrize("spec", ["bogus", "bogus:x", "sql:", "sql::memory:", "dbm", "dbm:", "memory:x"])
def test_a_bad_text_is_a_value_error(spec: str) -> None:
    with pytest.raises(ValueError, match=r"invalid storage|needs a file"):
        naming_storage.open_names(spec)


def test_whoever_chooses_dbm_is_warned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    naming_storage.open_names(f"dbm:{tmp_path}/names.dbm")
    assert capsys.readouterr().out == "Warning: the DbmStorage doesn't support metadata.\n"


def test_what_is_no_storage_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="needs the methods of MemoryStorage"):
        native_storage({})
