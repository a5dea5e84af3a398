"""A storage beside a model of it: a dict. For random sequences of steps, made by hypothesis."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pyro_core.errors import NameOwned
from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_contract import Entry, Storage, Subscription
from pyro_core.testing.storage_under_test import URI

# Few characters, so that prefixes and case collide; those that mean something to SQL or sort at an edge.
TEXT = st.text(alphabet="abA_%\\'\0*[.ÿ\ud7ff\ue000\U0010ffff", min_size=1, max_size=5)
TAGS = st.frozensets(st.sampled_from(["t", "T", "u_", "u%", "v'"]), max_size=3)
URIS = st.sampled_from([URI, "PYRO:b@h:2"])
OWNERS = st.sampled_from(["me", "you"])
CALLERS = st.none() | st.just("") | OWNERS
LONG_S = 1000.0


@dataclass(frozen=True)
class Known:
    """What the model knows about a name."""

    uri: str
    tags: frozenset[str]
    ttl_s: float | None = None
    owner: str = ""
    ends_at: float = 0.0

    def is_for(self, by: str | None) -> bool:
        """Whether somebody may change it."""
        return self.ttl_s is None or by in (None, self.owner)

    def is_like(self, entry: Entry) -> bool:
        """Whether a storage says the same."""
        return (entry.uri, entry.tags, entry.ttl_s, entry.owner) == (
            self.uri,
            self.tags,
            self.ttl_s,
            self.owner,
        )


class StorageMachine(RuleBasedStateMachine):
    """Does the same to a storage and to a dict, and compares what both say.

    Subclasses set what is compared.

    Class attributes:
        storage: The storage; it is emptied first.
        clock: Its clock.
        time_passes: Whether the storage uses that clock.
        patience_s: How long to wait for what is to happen at once.
    """

    storage: Storage
    clock: FakeClock
    time_passes: bool
    patience_s: float

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Known] = {}
        self.expected: list[tuple[str, str]] = []
        self.subscription: Subscription | None = None

    @initialize()
    def empty(self) -> None:
        self.storage.remove_many(self.storage.find())
        self.subscription = self.storage.subscribe(self.storage.snapshot().revision)

    def teardown(self) -> None:
        """Compare what subscribers were told, and let go."""
        if self.subscription is None:
            return
        told: list[tuple[str, str]] = []
        self.storage.put("witness", URI)
        while ("added", "witness") not in told:
            found = [(change.kind, change.name) for change in self.subscription.changes(self.patience_s)]
            assert found, "the last change was not told"
            told += found
        self.subscription.close()
        assert sorted(told[:-1]) == sorted(self.expected)

    @rule(target=names, name=TEXT)
    def know_name(self, name: str) -> Any:
        return multiple(name, name.swapcase())

    @rule(name=names, uri=URIS, tags=TAGS, replace=st.booleans(), owner=st.none() | OWNERS, by=CALLERS)
    def put(
        self, name: str, uri: str, tags: frozenset[str], replace: bool, owner: str | None, by: str | None
    ) -> None:
        lease: dict[str, Any] = {}
        if owner and self.storage.takes_leases:
            lease = {"ttl_s": LONG_S, "owner": owner}
        before = self.model.get(name)
        may = before is None or not replace or before.is_for(by)
        try:
            stored = self.storage.put(name, uri, tags, replace=replace, by=by, **lease)
        except NameOwned:
            assert not may
            return
        assert may
        assert stored is (replace or before is None)
        if stored:
            self.model[name] = Known(uri, tags, **lease, ends_at=self.clock() + LONG_S)
            self.expected.append(("added" if before is None else "changed", name))

    @rule(name=names, tags=TAGS, by=CALLERS)
    def set_tags(self, name: str, tags: frozenset[str], by: str | None) -> None:
        before = self.model.get(name)
        try:
            assert self.storage.set_tags(name, tags, by=by) is (before is not None)
        except NameOwned:
            assert before is not None
            assert not before.is_for(by)
            return
        if before is not None:
            assert before.is_for(by)
            self.model[name] = replace(before, tags=tags)
            self.expected.append(("changed", name))

    @rule(name=names, only_uri=st.none() | URIS, by=CALLERS)
    def remove(self, name: str, only_uri: str | None, by: str | None) -> None:
        before = self.model.get(name)
        there = before is not None and only_uri in (None, before.uri)
        try:
            assert self.storage.remove(name, only_uri=only_uri, by=by) is there
        except NameOwned:
            assert before is not None
            assert not before.is_for(by)
            return
        if there:
            assert self.model[name].is_for(by)
            self.gone("removed", name)

    @rule(names=st.lists(names, max_size=3), by=CALLERS)
    def remove_many(self, names: list[str], by: str | None) -> None:
        there = {name for name in names if name in self.model and self.model[name].is_for(by)}
        assert self.storage.remove_many(iter(names), by=by) == len(there)
        for name in there:
            self.gone("removed", name)

    @rule(names=st.lists(names, max_size=3), by=CALLERS)
    def renew(self, names: list[str], by: str | None) -> None:
        leased = {name for name in names if name in self.model and self.model[name].ttl_s is not None}
        renewed = {name for name in leased if self.model[name].is_for(by)}
        assert self.storage.renew(iter(names), by=by) == renewed
        for name in renewed:
            self.model[name] = replace(self.model[name], ends_at=self.clock() + LONG_S)

    @rule(seconds=st.sampled_from([0.0, 1.0, LONG_S / 2, LONG_S]))
    def expire(self, seconds: float) -> None:
        if self.time_passes:
            self.clock.advance(seconds)
        ended = [
            name
            for name, known in self.model.items()
            if known.ttl_s is not None and known.ends_at <= self.clock()
        ]
        assert sorted(self.storage.expire()) == sorted(ended)
        for name in ended:
            self.gone("expired", name)

    @rule(name=names)
    def get(self, name: str) -> None:
        entry = self.storage.get(name)
        assert (entry is None) is (name not in self.model)
        assert entry is None or self.model[name].is_like(entry)

    @rule(name=names, length=st.integers(0, 5))
    def find(self, name: str, length: int) -> None:
        prefix = name[:length]
        found = self.storage.find(prefix)
        assert set(found) == {name for name in self.model if name.startswith(prefix)}
        assert all(self.model[name].is_like(entry) for name, entry in found.items())

    @rule(tags=TAGS)
    def find_tags(self, tags: frozenset[str]) -> None:
        assert set(self.storage.find_all_tags(tags)) == {n for n, k in self.model.items() if tags <= k.tags}
        assert set(self.storage.find_any_tag(tags)) == {n for n, k in self.model.items() if tags & k.tags}

    @rule()
    def snapshot(self) -> None:
        entries = self.storage.snapshot().entries
        assert entries == self.storage.find()
        assert set(entries) == set(self.model)

    @invariant()
    def same_size(self) -> None:
        if self.subscription is not None:
            assert self.storage.count() == len(self.model)

    def gone(self, kind: str, name: str) -> None:
        """A name is not there any more."""
        del self.model[name]
        self.expected.append((kind, name))
