"""The suite of storages accepts an honest one, and tells on those with the known faults."""

from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path
from threading import Condition, RLock
from time import monotonic
from typing import Any, ClassVar, NamedTuple, Self

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from pyro_core.errors import NameOwned, RevisionGone
from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_models import StorageMachine
from pyro_core.testing.storages import Storage, StorageSuite, in_threads


class Facts(NamedTuple):
    uri: str
    tags: frozenset[str]
    ttl_s: float | None = None
    owner: str = ""


class Step(NamedTuple):
    revision: int
    kind: str
    name: str
    entry: Facts | None


class Everything(NamedTuple):
    revision: int
    entries: dict[str, Facts]


class DictStorage:
    """The least that keeps the contract."""

    name: ClassVar[str] = "dict"
    takes_leases: ClassVar[bool] = True

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.lock = Condition(RLock())
        self.clock = clock
        self.names: dict[str, Facts] = {}
        self.ends_at: dict[str, float] = {}
        self.steps: list[Step] = [Step(1, "begun", "", None)]
        self.closed = False

    @classmethod
    def open(cls, location: str) -> Self:
        return cls()

    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = frozenset(),
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool:
        with self.lock:
            if name in self.names and not replace:
                return False
            self.check(name, by)
            self.note("changed" if name in self.names else "added", name, Facts(uri, tags, ttl_s, owner))
            self.ends_at[name] = inf if ttl_s is None else self.clock() + ttl_s
            return True

    def get(self, name: str) -> Facts | None:
        return self.names.get(name)

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        with self.lock:
            if name not in self.names:
                return False
            self.check(name, by)
            self.note("changed", name, self.names[name]._replace(tags=tags))
            return True

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        with self.lock:
            if name not in self.names or only_uri not in (None, self.names[name].uri):
                return False
            self.check(name, by)
            self.note("removed", name, None)
            return True

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        with self.lock:
            return sum(self.remove(name, by=by) for name in set(names) if self.may(name, by))

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        with self.lock:
            leased = {name for name in names if name in self.names and self.names[name].ttl_s}
            mine = frozenset(name for name in leased if self.may(name, by))
            self.ends_at.update({name: self.clock() + (self.names[name].ttl_s or 0.0) for name in mine})
            return mine

    def expire(self) -> list[str]:
        with self.lock:
            ended = [name for name in self.names if self.ends_at[name] <= self.clock()]
            for name in ended:
                self.note("expired", name, None)
            return ended

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        return {n: self.ends_at[n] - self.clock() for n in names if n in self.names and self.names[n].ttl_s}

    def count(self) -> int:
        return len(self.names)

    def find(self, prefix: str = "") -> dict[str, Facts]:
        return self.matching(lambda name, _: name.startswith(prefix))

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Facts]:
        return self.matching(lambda _, facts: tags <= facts.tags)

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Facts]:
        return self.matching(lambda _, facts: bool(tags & facts.tags))

    def snapshot(self) -> Everything:
        with self.lock:
            return Everything(self.steps[-1].revision, self.names.copy())

    def subscribe(self, after: int) -> "DictSubscription":
        with self.lock:
            if not 0 < after <= len(self.steps):
                raise RevisionGone(after)
            return DictSubscription(self, after)

    def close(self) -> None:
        with self.lock:
            self.closed = True
            self.lock.notify_all()

    def matching(self, fits: Callable[[str, Facts], bool]) -> dict[str, Facts]:
        with self.lock:
            return {name: facts for name, facts in self.names.items() if fits(name, facts)}

    def may(self, name: str, by: str | None) -> bool:
        facts = self.names.get(name)
        return facts is None or facts.ttl_s is None or by in (None, facts.owner)

    def check(self, name: str, by: str | None) -> None:
        if not self.may(name, by):
            raise NameOwned(name)

    def note(self, kind: str, name: str, facts: Facts | None) -> None:
        if facts is None:
            del self.names[name]
        else:
            self.names[name] = facts
        self.steps.append(Step(len(self.steps) + 1, kind, name, facts))
        self.lock.notify_all()


class DictSubscription:
    def __init__(self, storage: DictStorage, after: int) -> None:
        self.storage = storage
        self.after = after

    def changes(self, timeout_s: float) -> list[Step]:
        with self.storage.lock:
            self.storage.lock.wait_for(
                lambda: self.storage.closed or len(self.storage.steps) > self.after, timeout_s
            )
            found = self.storage.steps[self.after :]
            self.after = len(self.storage.steps)
            return found

    def close(self) -> None:
        pass


class WithClock(StorageSuite):
    takes_clock = True
    patience_s = 0.2

    def open(self, location: str, clock: FakeClock) -> Storage:
        kind: Any = self.storage_class()
        return kind(clock)  # type: ignore[no-any-return]


class TestDictStorage(WithClock):
    def storage_class(self) -> type[Storage]:
        return DictStorage


class AnyCase(DictStorage):
    name = "any-case"

    def find(self, prefix: str = "") -> dict[str, Facts]:
        return self.matching(lambda name, _: name.lower().startswith(prefix.lower()))


class Forgetful(DictStorage):
    name = "forgetful"

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        self.check(name, by)
        return name in self.names


class Overwriting(DictStorage):
    name = "overwriting"

    def put(self, *args: Any, replace: bool = True, **more: Any) -> bool:
        return super().put(*args, **more)


class Careless(DictStorage):
    name = "careless"

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        return super().remove(name, by=by)


class Shared(DictStorage):
    name = "shared"

    def find(self, prefix: str = "") -> dict[str, Facts]:
        return super().find(prefix) if prefix else self.names


class AllForAny(DictStorage):
    name = "all-for-any"

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Facts]:
        return self.find_all_tags(tags)


class WithoutName(DictStorage):
    pass


class Generous(DictStorage):
    name = "generous"

    def may(self, name: str, by: str | None) -> bool:
        return True


class Everlasting(DictStorage):
    name = "everlasting"

    def expire(self) -> list[str]:
        return []


class Impatient(DictStorage):
    name = "impatient"

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        before = self.ends_at.copy()
        renewed = super().renew(names, by=by)
        self.ends_at = before
        return renewed


class Silent(DictStorage):
    name = "silent"

    def expire(self) -> list[str]:
        steps, self.steps = self.steps, self.steps.copy()
        ended = super().expire()
        self.steps = steps
        return ended


MODEL_TEST = "test_whatever_is_done_it_agrees_with_a_dict"


def failures(suite: StorageSuite, storage_class: type[DictStorage], folder: Path) -> set[str]:
    """Names of the suite's tests without parameters that a storage does not pass."""
    failed = set()
    for name in dir(suite):
        test = getattr(suite, name)
        if not name.startswith("test_") or name == MODEL_TEST or getattr(test, "pytestmark", []):
            continue
        wanted = test.__code__.co_varnames[1 : test.__code__.co_argcount]
        clock = FakeClock()
        storage = storage_class(clock)
        known: dict[str, Any] = {"storage": storage, "leasing": storage, "tmp_path": folder, "clock": clock}
        try:
            test(*(known[argument] for argument in wanted))
        except (AssertionError, KeyError, NameOwned):
            failed.add(name)
        except pytest.skip.Exception:
            continue
    return failed


@pytest.mark.parametrize(
    ("storage_class", "told"),
    [
        (DictStorage, set()),
        (AnyCase, {"test_case_counts"}),
        (
            Forgetful,
            {
                "test_tags_can_be_changed_alone",
                "test_nothing_is_lost_when_many_write_at_once",
                "test_every_change_is_told_in_order",
                "test_the_owner_may_change_and_remove_it",
            },
        ),
        (
            Overwriting,
            {
                "test_of_many_that_put_a_name_without_replacing_one_wins",
                "test_putting_without_replacing_leaves_what_is_there",
                "test_what_changes_nothing_is_not_told",
            },
        ),
        (
            Careless,
            {
                "test_a_name_may_be_removed_only_while_it_has_an_address",
                "test_what_changes_nothing_is_not_told",
            },
        ),
        (Shared, {"test_what_was_found_belongs_to_the_caller"}),
        (AllForAny, {"test_any_of_several_tags"}),
        (Generous, {"test_only_the_owner_may_renew_and_only_what_is_leased"}),
        (
            Everlasting,
            {
                "test_a_lease_ends_unless_it_is_renewed",
                "test_a_name_that_becomes_permanent_stays",
                "test_a_name_whose_lease_ended_is_free",
            },
        ),
        (Impatient, {"test_a_lease_ends_unless_it_is_renewed"}),
        (Silent, {"test_a_lease_ends_unless_it_is_renewed"}),
        (WithoutName, {"test_it_has_a_name_that_users_can_type"}),
    ],
)
def test_each_fault_is_told(storage_class: type[DictStorage], told: set[str], tmp_path: Path) -> None:
    class Suite(WithClock):
        def storage_class(self) -> type[Storage]:
            return storage_class

    assert failures(Suite(), storage_class, tmp_path) == told


def test_the_model_tells_a_fault() -> None:
    clock = FakeClock()
    known = {"storage": Generous(clock), "clock": clock, "time_passes": True, "patience_s": 1.0}
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(
            type("Machine", (StorageMachine,), known),
            settings=settings(phases=[Phase.generate], database=None, derandomize=True, max_examples=500),
        )


def test_a_storage_that_should_keep_names_must(tmp_path: Path) -> None:
    class Suite(WithClock):
        keeps_names = True

        def storage_class(self) -> type[Storage]:
            return DictStorage

    assert failures(Suite(), DictStorage, tmp_path) == {"test_names_outlive_the_storage_if_it_keeps_them"}


def test_threads_give_their_results_in_order() -> None:
    assert in_threads(lambda number: number * number) == [n * n for n in range(8)]
