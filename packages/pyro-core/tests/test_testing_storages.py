"""The suite of storages accepts an honest one, and tells on those with the known faults."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, NamedTuple, Self

import pytest

from pyro_core.testing.storages import Storage, StorageSuite, in_threads


class Pair(NamedTuple):
    uri: str
    tags: frozenset[str]


class DictStorage:
    """The least that keeps the contract."""

    name: ClassVar[str] = "dict"

    def __init__(self) -> None:
        self.lock = Lock()
        self.names: dict[str, Pair] = {}

    @classmethod
    def open(cls, location: str) -> Self:
        return cls()

    def put(self, name: str, uri: str, tags: frozenset[str] = frozenset(), *, replace: bool = True) -> bool:
        with self.lock:
            if name in self.names and not replace:
                return False
            self.names[name] = Pair(uri, tags)
            return True

    def get(self, name: str) -> Pair | None:
        return self.names.get(name)

    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        with self.lock:
            if name in self.names:
                self.names[name] = Pair(self.names[name].uri, tags)
            return name in self.names

    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        with self.lock:
            if name not in self.names or only_uri not in (None, self.names[name].uri):
                return False
            del self.names[name]
            return True

    def remove_many(self, names: Iterable[str]) -> int:
        return sum(self.remove(name) for name in names)

    def count(self) -> int:
        return len(self.names)

    def find(self, prefix: str = "") -> dict[str, Pair]:
        return self.matching(lambda name, _: name.startswith(prefix))

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Pair]:
        return self.matching(lambda _, pair: tags <= pair.tags)

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Pair]:
        return self.matching(lambda _, pair: bool(tags & pair.tags))

    def close(self) -> None:
        pass

    def matching(self, fits: Callable[[str, Pair], bool]) -> dict[str, Pair]:
        with self.lock:
            return {name: pair for name, pair in self.names.items() if fits(name, pair)}


class TestDictStorage(StorageSuite):
    def storage_class(self) -> type[Storage]:
        return DictStorage


class AnyCase(DictStorage):
    name = "any-case"

    def find(self, prefix: str = "") -> dict[str, Pair]:
        return self.matching(lambda name, _: name.lower().startswith(prefix.lower()))


class Forgetful(DictStorage):
    name = "forgetful"

    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        return name in self.names


class Overwriting(DictStorage):
    name = "overwriting"

    def put(self, name: str, uri: str, tags: frozenset[str] = frozenset(), *, replace: bool = True) -> bool:
        return super().put(name, uri, tags)


class Careless(DictStorage):
    name = "careless"

    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        return super().remove(name)


class Shared(DictStorage):
    name = "shared"

    def find(self, prefix: str = "") -> dict[str, Pair]:
        return super().find(prefix) if prefix else self.names


class AllForAny(DictStorage):
    name = "all-for-any"

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Pair]:
        return self.find_all_tags(tags)


class WithoutName(DictStorage):
    pass


def failures(suite: StorageSuite, storage_class: type[DictStorage], folder: Path) -> set[str]:
    """Names of the suite's tests without parameters that a storage does not pass."""
    failed = set()
    for name in dir(suite):
        test = getattr(suite, name)
        if not name.startswith("test_") or getattr(test, "pytestmark", []):
            continue
        wanted = test.__code__.co_varnames[1 : test.__code__.co_argcount]
        known: dict[str, Any] = {"storage": storage_class(), "tmp_path": folder}
        try:
            test(*(known[argument] for argument in wanted))
        except (AssertionError, KeyError):
            failed.add(name)
    return failed


@pytest.mark.parametrize(
    ("storage_class", "told"),
    [
        (DictStorage, set()),
        (AnyCase, {"test_case_counts"}),
        (Forgetful, {"test_tags_can_be_changed_alone", "test_nothing_is_lost_when_many_write_at_once"}),
        (
            Overwriting,
            {
                "test_of_many_that_put_a_name_without_replacing_one_wins",
                "test_putting_without_replacing_leaves_what_is_there",
            },
        ),
        (Careless, {"test_a_name_may_be_removed_only_while_it_has_an_address"}),
        (Shared, {"test_what_was_found_belongs_to_the_caller"}),
        (AllForAny, {"test_any_of_several_tags"}),
        (WithoutName, {"test_it_has_a_name_that_users_can_type"}),
    ],
)
def test_each_fault_is_told(storage_class: type[DictStorage], told: set[str], tmp_path: Path) -> None:
    class Suite(StorageSuite):
        def storage_class(self) -> type[Storage]:
            return storage_class

    assert failures(Suite(), storage_class, tmp_path) == told


def test_a_storage_that_should_keep_names_must(tmp_path: Path) -> None:
    class Suite(StorageSuite):
        keeps_names = True

        def storage_class(self) -> type[Storage]:
            return DictStorage

    assert failures(Suite(), DictStorage, tmp_path) == {"test_names_outlive_the_storage_if_it_keeps_them"}


def test_threads_give_their_results_in_order() -> None:
    assert in_threads(lambda number: number * number) == [n * n for n in range(8)]
