"""The part of the conformance suite of storages that is about leases and their owners."""

from typing import Any

import pytest

from pyro_core.errors import NameOwned, NamingError
from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_contract import Storage
from pyro_core.testing.storage_under_test import NO_TAGS, OTHER_URI, URI, StorageUnderTest, read, tags

LONG_S = 600.0

STRANGERS = pytest.mark.parametrize("by", ["", "somebody else"], ids=["nobody", "somebody"])


class LeaseTests(StorageUnderTest):
    """What every storage must do about leases."""

    def test_a_lease_is_part_of_the_entry(self, leasing: Storage) -> None:
        leasing.put("leased", URI, tags("blue"), ttl_s=LONG_S, owner="me", by="me")
        leasing.put("permanent", URI, by="me")
        for leased in (leasing.get("leased"), leasing.find()["leased"], leasing.snapshot().entries["leased"]):
            assert leased is not None
            assert (leased.uri, leased.tags, leased.ttl_s, leased.owner) == (URI, tags("blue"), LONG_S, "me")
        permanent = leasing.get("permanent")
        assert permanent is not None
        assert (permanent.ttl_s, permanent.owner) == (None, "")

    def test_how_long_leases_last_is_told_or_nothing(self, leasing: Storage) -> None:
        leasing.put("leased", URI, ttl_s=LONG_S, owner="me")
        leasing.put("permanent", URI)
        left = leasing.time_left(["leased", "permanent", "missing"])
        assert all(LONG_S - 60 < seconds <= LONG_S for seconds in left.values())
        assert set(left) <= {"leased"}
        assert leasing.time_left([]) == {}

    def test_only_the_owner_may_renew_and_only_what_is_leased(self, leasing: Storage) -> None:
        leasing.put("mine", URI, ttl_s=LONG_S, owner="me")
        leasing.put("mine too", URI, ttl_s=LONG_S, owner="me")
        leasing.put("yours", URI, ttl_s=LONG_S, owner="you")
        leasing.put("permanent", URI)
        names = ["mine", "mine too", "yours", "permanent", "missing"]
        assert leasing.renew(iter(names), by="me") == {"mine", "mine too"}
        assert leasing.renew(names, by="") == set()
        assert leasing.renew(names) == {"mine", "mine too", "yours"}
        assert leasing.renew([], by="me") == set()

    def test_a_lease_ends_unless_it_is_renewed(self, leasing: Storage, clock: FakeClock) -> None:
        for name in ("left", "renewed"):
            leasing.put(name, URI, tags("blue"), ttl_s=self.ttl_s, owner="me")
        leasing.put("permanent", URI, tags("blue"))
        with_changes = leasing.subscribe(leasing.snapshot().revision)
        self.let_pass(clock, 0.6 * self.ttl_s)
        assert leasing.expire() == []
        assert leasing.renew(["renewed"], by="me") == {"renewed"}
        expired = self.until_gone(leasing, clock, "left", 0.4 * self.ttl_s)
        assert set(leasing.find_any_tag(tags("blue"))) == {"renewed", "permanent"}
        expired += self.until_gone(leasing, clock, "renewed", 0.6 * self.ttl_s)
        assert expired in ([], ["left", "renewed"]), "an engine may do it alone"
        assert set(leasing.find()) == {"permanent"}
        assert leasing.count() == 1
        assert leasing.renew(["left"], by="me") == set()
        told = [(change.kind, change.name, change.entry) for change in self.take(with_changes, 2)]
        assert told == [
            ("expired", "left", None),
            ("expired", "renewed", None),
        ]
        with_changes.close()

    def test_a_name_whose_lease_ended_is_free(self, leasing: Storage, clock: FakeClock) -> None:
        leasing.put("one", URI, ttl_s=self.ttl_s, owner="me")
        self.until_gone(leasing, clock, "one", self.ttl_s)
        assert leasing.put("one", OTHER_URI, replace=False, by="you") is True
        assert read(leasing.get("one")) == (OTHER_URI, NO_TAGS)

    def test_a_name_that_becomes_permanent_stays(self, leasing: Storage, clock: FakeClock) -> None:
        leasing.put("one", URI, ttl_s=self.ttl_s, owner="me")
        leasing.put("one", URI, by="me")
        leasing.put("witness", URI, ttl_s=self.ttl_s, owner="me")
        self.until_gone(leasing, clock, "witness", self.ttl_s)
        entry = leasing.get("one")
        assert entry is not None
        assert (entry.ttl_s, entry.owner) == (None, "")

    @STRANGERS
    def test_nobody_but_the_owner_may_change_a_leased_name(self, leasing: Storage, by: str) -> None:
        leasing.put("one", URI, tags("blue"), ttl_s=LONG_S, owner="me")
        changes: list[Any] = [
            lambda: leasing.put("one", OTHER_URI, by=by),
            lambda: leasing.put("one", OTHER_URI, ttl_s=LONG_S, owner=by, by=by),
            lambda: leasing.set_tags("one", NO_TAGS, by=by),
            lambda: leasing.remove("one", by=by),
            lambda: leasing.remove("one", only_uri=URI, by=by),
        ]
        for change in changes:
            with pytest.raises(NameOwned, match="'one' is registered under a lease of somebody else"):
                change()
        assert leasing.put("one", OTHER_URI, replace=False, by=by) is False
        assert leasing.remove_many(["one", "missing"], by=by) == 0
        entry = leasing.get("one")
        assert (*read(entry), entry and entry.owner) == (URI, tags("blue"), "me")

    def test_the_owner_may_change_and_remove_it(self, leasing: Storage) -> None:
        leasing.put("one", URI, ttl_s=LONG_S, owner="me", by="me")
        assert leasing.set_tags("one", tags("blue"), by="me") is True
        entry = leasing.get("one")
        assert entry is not None
        assert (entry.tags, entry.ttl_s, entry.owner) == (tags("blue"), LONG_S, "me")
        assert leasing.put("one", OTHER_URI, ttl_s=2 * LONG_S, owner="me", by="me") is True
        assert leasing.remove("one", by="me") is True
        leasing.put("two", URI, ttl_s=LONG_S, owner="me", by="me")
        leasing.put("three", URI)
        assert leasing.remove_many(["two", "three"], by="me") == 2

    def test_who_may_do_everything_may_change_it_too(self, leasing: Storage) -> None:
        leasing.put("one", URI, ttl_s=LONG_S, owner="me")
        assert leasing.set_tags("one", tags("blue")) is True
        assert leasing.put("one", OTHER_URI, ttl_s=LONG_S, owner="you") is True
        assert leasing.remove_many(["one"]) == 1

    def test_permanent_names_belong_to_nobody(self, storage: Storage) -> None:
        storage.put("one", URI, by="me")
        assert storage.set_tags("one", tags("blue"), by="") is True
        assert storage.put("one", OTHER_URI, by="you") is True
        assert storage.remove("one", by="") is True

    def test_a_storage_without_leases_says_so(self, storage: Storage) -> None:
        if storage.takes_leases:
            pytest.skip("this storage takes leases")
        with pytest.raises(NamingError, match="holds permanent names only"):
            storage.put("one", URI, ttl_s=LONG_S, owner="me")
        assert storage.get("one") is None
        storage.put("one", URI)
        assert storage.renew(["one"]) == set()
        assert storage.expire() == []
