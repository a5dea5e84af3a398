"""The part of the conformance suite of storages that is about changes and who is told of them."""

from pathlib import Path
from threading import Thread

import pytest

from pyro_core.errors import RevisionGone
from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_contract import Change, Storage
from pyro_core.testing.storage_under_test import (
    NO_TAGS,
    OTHER_URI,
    THREADS,
    URI,
    StorageUnderTest,
    in_threads,
    read,
    tags,
)


def told(change: Change) -> tuple[str, str, tuple[str, frozenset[str]] | None]:
    """A change without its revision."""
    return change.kind, change.name, None if change.entry is None else read(change.entry)


class ChangeTests(StorageUnderTest):
    """What every storage must tell its subscribers."""

    def test_every_change_is_told_in_order(self, storage: Storage) -> None:
        start = storage.snapshot().revision
        subscription = storage.subscribe(start)
        storage.put("one", URI, tags("blue"))
        storage.put("one", OTHER_URI)
        storage.set_tags("one", tags("green"))
        storage.put("two", URI)
        storage.remove("one")
        storage.remove_many(["two"])
        changes = self.take(subscription, 6)
        assert list(map(told, changes)) == [
            ("added", "one", (URI, tags("blue"))),
            ("changed", "one", (OTHER_URI, NO_TAGS)),
            ("changed", "one", (OTHER_URI, tags("green"))),
            ("added", "two", (URI, NO_TAGS)),
            ("removed", "one", None),
            ("removed", "two", None),
        ]
        revisions = [start, *(change.revision for change in changes)]
        assert sorted(set(revisions)) == revisions
        assert storage.snapshot().revision >= revisions[-1]
        subscription.close()
        subscription.close()

    def test_what_changes_nothing_is_not_told(self, storage: Storage) -> None:
        storage.put("one", URI)
        if storage.takes_leases:
            storage.put("leased", URI, ttl_s=600.0, owner="me")
        subscription = storage.subscribe(storage.snapshot().revision)
        storage.put("one", OTHER_URI, replace=False)
        storage.set_tags("missing", tags("blue"))
        storage.remove("missing")
        storage.remove("one", only_uri=OTHER_URI)
        storage.remove_many(["missing"])
        storage.renew(["leased", "one"])
        storage.expire()
        storage.put("witness", URI)
        assert [change.name for change in self.take(subscription, 1)] == ["witness"]
        subscription.close()

    def test_a_snapshot_and_the_changes_after_it_are_everything(self, storage: Storage) -> None:
        assert storage.snapshot().entries == {}
        storage.put("one", URI, tags("blue"))
        snapshot = storage.snapshot()
        assert {name: read(entry) for name, entry in snapshot.entries.items()} == {"one": (URI, tags("blue"))}
        storage.put("two", URI)
        subscription = storage.subscribe(snapshot.revision)
        assert [change.name for change in self.take(subscription, 1)] == ["two"]
        assert list(subscription.changes(0.0)) == []
        subscription.close()

    def test_a_subscription_may_begin_in_the_past(self, storage: Storage) -> None:
        first = storage.subscribe(storage.snapshot().revision)
        for number in range(5):
            storage.put(f"name{number}", URI)
        changes = self.take(first, 5)
        second = storage.subscribe(changes[1].revision)
        assert self.take(second, 3) == changes[2:]
        first.close()
        second.close()

    def test_who_waits_is_told_at_once(self, storage: Storage) -> None:
        subscription = storage.subscribe(storage.snapshot().revision)
        assert list(subscription.changes(0.05)) == []
        writer = Thread(target=storage.put, args=("one", URI))
        found: list[Change] = []
        writer.start()
        found += subscription.changes(self.patience_s)
        writer.join()
        assert list(map(told, found)) == [("added", "one", (URI, NO_TAGS))]
        subscription.close()

    @pytest.mark.parametrize("which", ["before the first", "from the future"])
    def test_a_revision_of_something_else_is_refused(self, storage: Storage, which: str) -> None:
        storage.put("one", URI)
        revision = 0 if which == "before the first" else storage.snapshot().revision + 1_000_000
        with pytest.raises(RevisionGone, match=f"the changes since revision {revision} are not known"):
            storage.subscribe(revision).changes(self.patience_s)

    def test_nothing_is_missed_while_many_write(self, storage: Storage) -> None:
        subscription = storage.subscribe(storage.snapshot().revision)

        def write(number: int) -> None:
            for turn in range(10):
                storage.put(f"{number}.{turn % 3}", f"{URI}{turn}")
                if turn % 4 == 3:
                    storage.remove(f"{number}.{turn % 3}")

        in_threads(write)
        changes = self.take(subscription, THREADS * 12)
        assert len(changes) == THREADS * 12
        revisions = [change.revision for change in changes]
        assert sorted(revisions) == revisions
        names: dict[str, tuple[str, frozenset[str]]] = {}
        for change in changes:
            assert change.kind == (
                "removed" if change.entry is None else "changed" if change.name in names else "added"
            )
            if change.entry is None:
                del names[change.name]
            else:
                names[change.name] = read(change.entry)
        assert {name: read(entry) for name, entry in storage.find().items()} == names
        subscription.close()

    def test_closing_the_storage_wakes_who_waits(self, tmp_path: Path, clock: FakeClock) -> None:
        storage = self.open(self.location(tmp_path), clock)
        subscription = storage.subscribe(storage.snapshot().revision)
        found: list[list[Change]] = []
        waiting = Thread(target=lambda: found.append(list(subscription.changes(10 * self.patience_s))))
        waiting.start()
        storage.close()
        waiting.join(self.patience_s)
        assert found == [[]]
        subscription.close()

    def test_all_that_share_a_place_see_the_same(self, tmp_path: Path, clock: FakeClock) -> None:
        if not self.is_shared:
            pytest.skip("this storage cannot be shared")
        place = self.location(tmp_path)
        one, other = self.open(place, clock), self.open(place, clock)
        subscription = other.subscribe(other.snapshot().revision)
        one.put("one", URI, tags("blue"))
        assert read(other.get("one")) == (URI, tags("blue"))
        assert other.put("one", OTHER_URI, replace=False) is False
        assert other.remove("one") is True
        assert one.get("one") is None
        assert list(map(told, self.take(subscription, 2))) == [
            ("added", "one", (URI, tags("blue"))),
            ("removed", "one", None),
        ]
        if one.takes_leases:
            one.put("leased", URI, ttl_s=600.0, owner="me", by="me")
            assert other.renew(["leased"], by="me") == {"leased"}
        assert other.snapshot() == one.snapshot()
        for each in (subscription, one, other):
            each.close()
