"""The conformance suite of name-server storages: one contract, whatever is behind it.

A third party's whole test is::

    class TestMyStorage(StorageSuite):
        keeps_names = True

        def storage_class(self):
            return MyStorage

        def location(self, folder):
            return str(folder / "names")

What else a test may say about its storage is told by ``storage_under_test.StorageUnderTest``. Storages are
known by what they do: nothing here imports the name server.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from pyro_core.testing.clock import FakeClock
from pyro_core.testing.storage_changes import ChangeTests
from pyro_core.testing.storage_contract import Storage
from pyro_core.testing.storage_leases import LeaseTests
from pyro_core.testing.storage_models import StorageMachine
from pyro_core.testing.storage_under_test import (
    NO_TAGS,
    OTHER_URI,
    THREADS,
    URI,
    in_threads,
    read,
    tags,
)

__all__ = ["Storage", "StorageSuite", "in_threads"]

ODD_TEXTS = (
    "with space",
    " spaces around ",
    "Pyro.NameServer",
    "50% off_now",
    "back\\slash",
    "quote ' and \" quote",
    "semi;colon--comment",
    "glob*[a-z]?",
    "new\nline",
    "nul\0inside",
    "smörgåsbord",
    "straße",
    "漢字",
    "\U0001f40d",
    "combining e\u0301",
    "1",
    "1.0",
    "None",
    "x" * 1000,
    "".join(map(chr, range(0x1F300, 0x1F300 + 1000))),
)
"""Texts that storages have been known to change, to confuse with others, or to refuse."""


class StorageSuite(LeaseTests, ChangeTests):
    """What every storage must do. Inherit from it in a test module, and say which storage it is."""

    # ---- one name

    def test_it_has_a_name_that_users_can_type(self) -> None:
        name = vars(self.storage_class()).get("name")
        assert isinstance(name, str)
        assert name
        assert ":" not in name

    def test_a_new_storage_is_empty(self, storage: Storage) -> None:
        assert storage.count() == 0
        assert storage.find() == {}
        assert storage.get("any") is None

    def test_a_name_comes_back_as_it_was_put(self, storage: Storage) -> None:
        assert storage.put("one", URI) is True
        assert storage.put("two", OTHER_URI, tags("blue", "green")) is True
        assert read(storage.get("one")) == (URI, NO_TAGS)
        assert read(storage.get("two")) == (OTHER_URI, tags("blue", "green"))
        assert storage.count() == 2

    def test_an_entry_of_a_permanent_name_has_no_lease(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue"))
        entry = storage.get("one")
        assert entry is not None
        assert (entry.ttl_s, entry.owner) == (None, "")
        assert type(entry.tags) is frozenset

    def test_putting_again_replaces_address_and_tags(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue"))
        assert storage.put("one", OTHER_URI, tags("green")) is True
        assert read(storage.get("one")) == (OTHER_URI, tags("green"))
        assert storage.find_any_tag(tags("blue")) == {}
        storage.put("one", OTHER_URI)
        assert read(storage.get("one")) == (OTHER_URI, NO_TAGS)
        assert storage.count() == 1

    def test_putting_without_replacing_leaves_what_is_there(self, storage: Storage) -> None:
        assert storage.put("one", URI, tags("blue"), replace=False) is True
        assert storage.put("one", OTHER_URI, tags("green"), replace=False) is False
        assert read(storage.get("one")) == (URI, tags("blue"))

    def test_tags_can_be_changed_alone(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue", "green"))
        assert storage.set_tags("one", tags("green", "red")) is True
        assert read(storage.get("one")) == (URI, tags("green", "red"))
        assert storage.set_tags("one", NO_TAGS) is True
        assert read(storage.get("one")) == (URI, NO_TAGS)
        assert storage.set_tags("missing", tags("blue")) is False
        assert storage.get("missing") is None

    def test_a_removed_name_is_gone_with_its_tags(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue"))
        assert storage.remove("one") is True
        assert storage.get("one") is None
        assert storage.remove("one") is False
        assert storage.find_any_tag(tags("blue")) == {}
        storage.put("one", URI)
        assert read(storage.get("one")) == (URI, NO_TAGS)

    def test_a_name_may_be_removed_only_while_it_has_an_address(self, storage: Storage) -> None:
        storage.put("one", URI)
        assert storage.remove("one", only_uri=OTHER_URI) is False
        assert read(storage.get("one")) == (URI, NO_TAGS)
        assert storage.remove("one", only_uri=URI) is True
        assert storage.remove("one", only_uri=URI) is False

    def test_several_names_are_removed_at_once(self, storage: Storage) -> None:
        for name in ("one", "two", "three"):
            storage.put(name, URI, tags("blue"))
        assert storage.remove_many([]) == 0
        assert storage.remove_many(name for name in ("one", "three", "missing", "one")) == 2
        assert set(storage.find()) == {"two"}
        assert set(storage.find_any_tag(tags("blue"))) == {"two"}

    def test_more_names_are_removed_at_once_than_a_statement_has_places(self, storage: Storage) -> None:
        names = [f"name{number}" for number in range(2000)]
        for name in names[:50]:
            storage.put(name, URI)
        assert storage.remove_many(names) == 50

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
    def test_names_and_tags_are_kept_as_they_are(self, storage: Storage, text: str) -> None:
        storage.put(text, URI, tags(text))
        storage.put("beside", URI)
        assert read(storage.get(text)) == (URI, tags(text))
        assert set(storage.find(text)) == {text}
        assert set(storage.find_any_tag(tags(text))) == {text}
        assert set(storage.find_all_tags(tags(text))) == {text}
        assert storage.remove(text) is True
        assert set(storage.find()) == {"beside"}

    # ---- searching

    def test_case_counts(self, storage: Storage) -> None:
        storage.put("Name", URI, tags("Tag"))
        storage.put("name", OTHER_URI, tags("tag"))
        assert storage.count() == 2
        assert set(storage.find("N")) == {"Name"}
        assert set(storage.find_any_tag(tags("tag"))) == {"name"}
        assert storage.get("NAME") is None

    @pytest.mark.parametrize("wildcard", ["_", "%", "*", "?", "[a]", ".", "\\", "^"])
    def test_no_character_of_a_prefix_is_a_wildcard(self, storage: Storage, wildcard: str) -> None:
        storage.put(f"a{wildcard}b", URI)
        for name in ("aab", "axb", "ab", "a"):
            storage.put(name, URI)
        assert set(storage.find(f"a{wildcard}")) == {f"a{wildcard}b"}

    def test_a_prefix_finds_what_begins_with_it(self, storage: Storage) -> None:
        for name in ("shop", "shop.cart", "shop.till", "shopping", "bookshop"):
            storage.put(name, URI, tags(name))
        assert set(storage.find("shop.")) == {"shop.cart", "shop.till"}
        assert set(storage.find("shop")) == {"shop", "shop.cart", "shop.till", "shopping"}
        assert set(storage.find("shop.cart.")) == set()
        assert len(storage.find()) == 5
        assert read(storage.find("book")["bookshop"]) == (URI, tags("bookshop"))

    def test_a_prefix_at_the_end_of_the_alphabet_finds_its_names(self, storage: Storage) -> None:
        names = {"\U0010ffff", "\U0010ffffa", "\ud7ff", "\ud7ff\U0010ffff", "\ue000", "a\x7f", "a\xff"}
        for name in names:
            storage.put(name, URI)
        for prefix in names:
            assert set(storage.find(prefix)) == {name for name in names if name.startswith(prefix)}

    def test_all_of_several_tags(self, storage: Storage) -> None:
        self.put_colours(storage)
        assert set(storage.find_all_tags(tags("red", "green"))) == {"yellow", "white"}
        assert set(storage.find_all_tags(tags("red", "missing"))) == set()
        assert set(storage.find_all_tags(NO_TAGS)) == {"black", "red", "yellow", "white"}
        assert read(storage.find_all_tags(tags("blue"))["white"]) == (URI, tags("red", "green", "blue"))

    def test_any_of_several_tags(self, storage: Storage) -> None:
        self.put_colours(storage)
        assert set(storage.find_any_tag(tags("green", "blue"))) == {"yellow", "white"}
        assert set(storage.find_any_tag(tags("red", "missing"))) == {"red", "yellow", "white"}
        assert set(storage.find_any_tag(NO_TAGS)) == set()
        assert read(storage.find_any_tag(tags("blue"))["white"]) == (URI, tags("red", "green", "blue"))

    def test_what_was_found_belongs_to_the_caller(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue"))
        for find in self.finders(storage):
            found = find()
            assert isinstance(found, dict)
            found.clear()
            storage.put("two", URI, tags("blue"))
            assert found == {}
            assert set(find()) == {"one", "two"}
            storage.remove("two")

    # ---- several threads

    def test_of_many_that_put_a_name_without_replacing_one_wins(self, storage: Storage) -> None:
        for turn in range(10):
            won = in_threads(
                lambda number, name=f"name{turn}": storage.put(name, f"{URI}{number}", replace=False)  # type: ignore[misc]
            )
            assert sum(won) == 1
            assert read(storage.get(f"name{turn}"))[0] == f"{URI}{won.index(True)}"

    def test_of_many_that_remove_a_name_one_does(self, storage: Storage) -> None:
        for _ in range(10):
            storage.put("one", URI)
            assert sum(in_threads(lambda _: storage.remove("one"))) == 1

    def test_nothing_is_lost_when_many_write_at_once(self, storage: Storage) -> None:
        def write(number: int) -> None:
            for turn in range(20):
                storage.put(f"{number}.{turn}", URI, tags("blue", f"tag{number}"))
                storage.set_tags(f"{number}.{turn}", tags("green", f"tag{number}"))
                assert len(storage.find(f"{number}.")) == turn + 1

        in_threads(write)
        assert storage.count() == 20 * THREADS
        assert storage.find_any_tag(tags("blue")) == {}
        assert len(storage.find_all_tags(tags("green", "tag3"))) == 20

    def test_no_half_changed_entry_is_seen(self, storage: Storage) -> None:
        one, two = (URI, tags("first", "a")), (OTHER_URI, tags("second", "b"))
        storage.put("one", *one)

        def write_or_read(number: int) -> None:
            for turn in range(30):
                if number == 0:
                    storage.put("one", *(one if turn % 2 else two))
                else:
                    assert read(storage.get("one")) in (one, two)
                    assert read(storage.find("one")["one"]) in (one, two)

        in_threads(write_or_read)

    # ---- opening and closing

    def test_closing_twice_is_fine(self, tmp_path: Path, clock: FakeClock) -> None:
        storage = self.open(self.location(tmp_path), clock)
        storage.put("one", URI)
        storage.close()
        storage.close()

    def test_names_outlive_the_storage_if_it_keeps_them(self, tmp_path: Path, clock: FakeClock) -> None:
        place = self.location(tmp_path)
        storage = self.open(place, clock)
        self.put_colours(storage)
        storage.remove("red")
        before = {name: read(entry) for name, entry in storage.find().items()}
        storage.close()
        again = self.open(place, clock)
        after = {name: read(entry) for name, entry in again.find().items()}
        again.close()
        assert after == (before if self.keeps_names else {})

    # ---- everything together

    def test_whatever_is_done_it_agrees_with_a_dict(self, storage: Storage, clock: FakeClock) -> None:
        known = {
            "storage": storage,
            "clock": clock,
            "time_passes": self.takes_clock,
            "patience_s": self.patience_s,
        }
        run_state_machine_as_test(
            type("Machine", (StorageMachine,), known),
            settings=settings(
                max_examples=self.model_runs,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),  # engines may be slow
            ),
        )

    def put_colours(self, storage: Storage) -> None:
        """Four names with none, one, two and three tags."""
        storage.put("black", URI)
        storage.put("red", URI, tags("red"))
        storage.put("yellow", URI, tags("red", "green"))
        storage.put("white", URI, tags("red", "green", "blue"))

    def finders(self, storage: Storage) -> list[Callable[[], Any]]:
        """Three ways to find all names with the tag ``blue``."""
        return [
            storage.find,
            lambda: storage.find_all_tags(tags("blue")),
            lambda: storage.find_any_tag(tags("blue")),
        ]
