"""What watchers of a name server are told."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_core.errors import NamingError, RevisionGone
from pyro_core.testing.clock import FakeClock
from pyro_nameserver import changes
from pyro_nameserver.changes import HEARTBEAT_S, ChangeFeed, Watcher
from pyro_nameserver.storage.base import Change, Snapshot, Subscription
from pyro_nameserver.storage.memory import MemoryStorage

URI = "PYRO:o@h:1"


class Scripted(Subscription):
    """Gives what a test hands in; an exception is raised."""

    def __init__(self) -> None:
        self.given: list[Any] = []
        self.more = threading.Condition()

    def give(self, *what: Any) -> None:
        with self.more:
            self.given.extend(what)
            self.more.notify_all()

    def changes(self, timeout_s: float) -> list[Change]:
        with self.more:
            if not self.more.wait_for(lambda: bool(self.given), timeout_s):
                return []
            what = self.given.pop(0)
        if isinstance(what, Exception):
            raise what
        found: list[Change] = what
        return found

    def close(self) -> None:
        pass


class ScriptedStorage(MemoryStorage):
    """Its names do not matter; what subscribers get is up to the test."""

    def __init__(self) -> None:
        super().__init__()
        self.script = Scripted()
        self.revision = 100
        self.snapshot_fails = 0

    def subscribe(self, after: int) -> Subscription:
        if after != self.revision:
            raise RevisionGone(after)
        return self.script

    def snapshot(self) -> Snapshot:
        if self.snapshot_fails:
            self.snapshot_fails -= 1
            raise NamingError("not now")
        return Snapshot(self.revision, self.find())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def storage() -> Iterator[MemoryStorage]:
    with MemoryStorage() as storage:
        yield storage


@pytest.fixture
def feed(storage: MemoryStorage, clock: FakeClock) -> Iterator[ChangeFeed]:
    feed = ChangeFeed(storage, clock=clock)
    yield feed
    feed.stop()
    storage.close()
    feed.join()


@pytest.fixture
def scripted() -> Iterator[tuple[ScriptedStorage, ChangeFeed]]:
    storage = ScriptedStorage()
    feed = ChangeFeed(storage)
    yield storage, feed
    feed.stop()
    storage.script.give([])
    feed.join()


def kinds(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["kind"], item.get("name", "")) for item in items]


def take(watcher: Watcher, count: int) -> list[dict[str, Any]]:
    return [next(watcher) for _ in range(count)]


def removed(revision: int, name: str = "n") -> Change:
    return Change(revision, "removed", name, None)


def test_changes_are_told_with_what_is_new(storage: MemoryStorage, feed: ChangeFeed) -> None:
    watcher = feed.watch()
    start = next(watcher)
    assert start == {"kind": "current", "revision": storage.snapshot().revision}
    storage.put("a", URI, frozenset({"y", "x"}), ttl_s=30.0, owner="secret")
    storage.set_tags("a", frozenset())
    storage.put("b", URI)
    storage.remove("a")
    revision = start["revision"]
    assert take(watcher, 4) == [
        {"kind": "added", "revision": revision + 1, "name": "a", "uri": URI, "tags": ["x", "y"], "ttl": 30.0},
        {"kind": "changed", "revision": revision + 2, "name": "a", "uri": URI, "tags": [], "ttl": 30.0},
        {"kind": "added", "revision": revision + 3, "name": "b", "uri": URI, "tags": [], "ttl": None},
        {"kind": "removed", "revision": revision + 4, "name": "a"},
    ]


def test_who_begins_with_zero_is_told_all_names_first(storage: MemoryStorage, feed: ChangeFeed) -> None:
    storage.put("b", URI)
    storage.put("a", URI)
    watcher = feed.watch(0)
    items = take(watcher, 4)
    assert kinds(items) == [("reset", ""), ("added", "a"), ("added", "b"), ("current", "")]
    assert [item["revision"] for item in items] == [0, 0, 0, storage.snapshot().revision]
    storage.remove("a")
    assert kinds([next(watcher)]) == [("removed", "a")]


def test_who_comes_back_is_told_what_happened_meanwhile(storage: MemoryStorage, feed: ChangeFeed) -> None:
    before = storage.snapshot().revision
    storage.put("before the feed began", URI)
    first = next(feed.watch())
    storage.put("after", URI)
    assert kinds(take(feed.watch(before), 2)) == [("added", "before the feed began"), ("added", "after")]
    assert kinds([next(feed.watch(first["revision"]))]) == [("added", "after")]


def test_a_revision_of_another_storage_brings_all_names(storage: MemoryStorage, feed: ChangeFeed) -> None:
    storage.put("a", URI)
    for revision in (1, storage.snapshot().revision + 1000):
        assert kinds(take(feed.watch(revision), 3)) == [("reset", ""), ("added", "a"), ("current", "")]


def test_only_names_with_the_prefix_are_told(storage: MemoryStorage, feed: ChangeFeed) -> None:
    storage.put("shop.a", URI)
    storage.put("bank.a", URI)
    watcher = feed.watch(0, "shop.")
    assert kinds(take(watcher, 3)) == [("reset", ""), ("added", "shop.a"), ("current", "")]
    storage.remove("bank.a")
    storage.remove("shop.a")
    assert kinds([next(watcher)]) == [("removed", "shop.a")]


def test_a_step_counts_when_all_its_changes_are_told(
    scripted: tuple[ScriptedStorage, ChangeFeed],
) -> None:
    storage, feed = scripted
    watcher = feed.watch()
    storage.script.give([removed(101), removed(102, "a"), removed(102, "b"), removed(103)])
    assert [item["revision"] for item in take(watcher, 5)] == [100, 101, 101, 102, 103]


def test_after_missed_changes_all_names_are_told_anew(
    scripted: tuple[ScriptedStorage, ChangeFeed],
) -> None:
    storage, feed = scripted
    watcher = feed.watch()
    next(watcher)
    storage.put("a", URI)
    woken = threading.Event()
    assert not watcher.when_ready(woken.set)
    storage.revision = 50  # it even began anew
    storage.script.give(RevisionGone(100))
    assert woken.wait(10)
    assert kinds(take(watcher, 3)) == [("reset", ""), ("added", "a"), ("current", "")]
    storage.script.give([removed(51, "a")])
    assert next(watcher)["revision"] == 51


def test_an_unavailable_storage_is_tried_again(
    scripted: tuple[ScriptedStorage, ChangeFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, feed = scripted
    monkeypatch.setattr(changes, "_RETRY_S", 0.01)
    watcher = feed.watch()
    next(watcher)
    storage.script.give(NamingError("away"), [removed(101)])
    assert next(watcher)["revision"] == 101
    storage.snapshot_fails = 1
    storage.script.give(RevisionGone(101), RevisionGone(101))
    storage.revision = 110
    assert next(watcher)["kind"] == "reset"


def test_who_cannot_be_told_all_names_gets_the_error(
    scripted: tuple[ScriptedStorage, ChangeFeed],
) -> None:
    storage, feed = scripted
    watcher = feed.watch()
    next(watcher)
    watcher.lose()
    storage.snapshot_fails = 2
    assert watcher.when_ready(lambda: None)
    with pytest.raises(NamingError, match="not now"):
        watcher.take_many(1, lambda item: None)


def test_who_does_not_wait_is_woken(storage: MemoryStorage, feed: ChangeFeed) -> None:
    watcher = feed.watch(prefix="a")
    woken = threading.Event()
    assert watcher.when_ready(woken.set), "there is the first item"
    items: list[dict[str, Any]] = []
    watcher.take_many(10, items.append)
    assert kinds(items) == [("current", "")]
    assert not watcher.when_ready(woken.set)
    for name in ("a1", "a2", "a3"):
        storage.put(name, URI)
    assert woken.wait(10)
    while len(items) < 4:
        if watcher.when_ready(woken.set):
            watcher.take_many(2, items.append)
    assert kinds(items[1:]) == [("added", "a1"), ("added", "a2"), ("added", "a3")]


def test_when_nothing_happens_that_is_told_now_and_then(feed: ChangeFeed, clock: FakeClock) -> None:
    watcher = feed.watch()
    start = next(watcher)
    woken = threading.Event()
    assert not watcher.when_ready(woken.set)
    watcher.look()
    assert not woken.is_set()
    clock.advance(HEARTBEAT_S)
    watcher.look()
    assert woken.is_set()
    assert next(watcher) == start


def test_who_asks_for_each_item_waits_only_so_long(
    feed: ChangeFeed, storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.poll_s = 0.05
    watcher = feed.watch()
    start = next(watcher)
    assert next(watcher) == start
    feed.poll_s = 30.0
    writer = threading.Thread(target=storage.put, args=("a", URI))
    writer.start()
    assert kinds([next(watcher)]) == [("added", "a")]
    writer.join()


@pytest.mark.parametrize("why", ["it must not wait", "too many wait"])
def test_who_cannot_wait_is_told_so_at_once(storage: MemoryStorage, why: str) -> None:
    feed = ChangeFeed(storage, may_wait=why != "it must not wait")
    feed.waiting = threading.BoundedSemaphore(1)
    feed.waiting.acquire()
    watcher = feed.watch()
    assert next(watcher) == next(watcher)
    feed.stop()
    storage.close()
    feed.join()


def test_who_leaves_is_forgotten(feed: ChangeFeed) -> None:
    watcher = feed.watch()
    assert len(feed) == 1
    next(watcher)
    watcher.close()
    watcher.close()
    assert len(feed) == 0
    with pytest.raises(StopIteration):
        next(watcher)
