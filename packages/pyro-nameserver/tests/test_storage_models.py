"""Both storages do what a plain dict would, whatever is done in whatever order."""

from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from pyro_nameserver.storage.base import Entry, Storage
from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.sqlite import SqliteStorage

# Few characters, so that prefixes and case collide; those that mean something to SQL or sort at an edge.
TEXT = st.text(alphabet="abA_%\\'\0*[.ÿ\ud7ff\ue000\U0010ffff", min_size=1, max_size=5)
TAGS = st.frozensets(st.sampled_from(["t", "T", "u_", "u%", "v'"]), max_size=3)
URIS = st.sampled_from(["PYRO:a@h:1", "PYRO:b@h:2"])


class StorageMachine(RuleBasedStateMachine):
    """A storage beside its model."""

    names = Bundle("names")
    make: Callable[[], Storage]

    def __init__(self) -> None:
        super().__init__()
        self.storage = type(self).make()
        self.model: dict[str, Entry] = {}

    def teardown(self) -> None:
        self.storage.close()

    @rule(target=names, name=TEXT)
    def know_name(self, name: str) -> object:
        return multiple(name, name.swapcase())

    @rule(name=names, uri=URIS, tags=TAGS, replace=st.booleans())
    def put(self, name: str, uri: str, tags: frozenset[str], replace: bool) -> None:
        stored = self.storage.put(name, uri, tags, replace=replace)
        assert stored is (replace or name not in self.model)
        if stored:
            self.model[name] = Entry(uri, tags)

    @rule(name=names, tags=TAGS)
    def set_tags(self, name: str, tags: frozenset[str]) -> None:
        assert self.storage.set_tags(name, tags) is (name in self.model)
        if name in self.model:
            self.model[name] = Entry(self.model[name].uri, tags)

    @rule(name=names, only_uri=st.none() | URIS)
    def remove(self, name: str, only_uri: str | None) -> None:
        there = name in self.model and only_uri in (None, self.model[name].uri)
        assert self.storage.remove(name, only_uri=only_uri) is there
        if there:
            del self.model[name]

    @rule(names=st.lists(names, max_size=3))
    def remove_many(self, names: list[str]) -> None:
        there = set(names) & set(self.model)
        assert self.storage.remove_many(iter(names)) == len(there)
        for name in there:
            del self.model[name]

    @rule(name=names)
    def get(self, name: str) -> None:
        assert self.storage.get(name) == self.model.get(name)

    @rule(name=names, length=st.integers(0, 5))
    def find(self, name: str, length: int) -> None:
        prefix = name[:length]
        assert self.storage.find(prefix) == {n: e for n, e in self.model.items() if n.startswith(prefix)}

    @rule(tags=TAGS)
    def find_tags(self, tags: frozenset[str]) -> None:
        assert self.storage.find_all_tags(tags) == {n: e for n, e in self.model.items() if tags <= e.tags}
        assert self.storage.find_any_tag(tags) == {n: e for n, e in self.model.items() if tags & e.tags}

    @invariant()
    def same_size(self) -> None:
        assert self.storage.count() == len(self.model)


def _sqlite_in_memory() -> Storage:
    return SqliteStorage(":memory:")  # the statements are what is tested here; no disk to wait for


@pytest.mark.parametrize("make", [MemoryStorage, _sqlite_in_memory])
def test_a_storage_behaves_like_a_dict(make: Callable[[], Storage]) -> None:
    machine = type("Machine", (StorageMachine,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=100, stateful_step_count=30, deadline=None)
    )
