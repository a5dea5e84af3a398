"""The conformance suite of name-server storages: one contract, whatever is behind it.

A third party's whole test is::

    class TestMyStorage(StorageSuite):
        keeps_names = True

        def storage_class(self):
            return MyStorage

        def location(self, folder):
            return str(folder / "names")

Storages are known by what they do: nothing here imports the name server.
"""

import abc
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, ClassVar

import pytest

from pyro_core.testing.storage_contract import Entry, Storage

URI = "PYRO:object@localhost:4444"
OTHER_URI = "PYRO:other@[::1]:4445"
NO_TAGS: frozenset[str] = frozenset()
THREADS = 8

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
)
"""Texts that storages have been known to change, to confuse with others, or to refuse."""


def tags(*names: str) -> frozenset[str]:
    """A set of tags."""
    return frozenset(names)


class StorageSuite(abc.ABC):
    """What every storage must do. Inherit from it in a test module, and say which storage it is.

    Class attributes:
        keeps_names: Whether names survive ``close`` and a second ``open`` of the same location.
    """

    keeps_names: ClassVar[bool] = False

    @abc.abstractmethod
    def storage_class(self) -> type[Storage]:
        """The class under test."""

    def location(self, folder: Path) -> str:
        """A location for ``open`` that holds no names yet.

        Args:
            folder: An empty folder of this test; the same folder must give the same location.
        """
        return ""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[Storage]:
        """An empty storage, closed after the test."""
        storage = self.storage_class().open(self.location(tmp_path))
        yield storage
        storage.close()

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

    def test_an_entry_is_a_pair_with_a_frozen_set(self, storage: Storage) -> None:
        storage.put("one", URI, tags("blue"))
        entry = storage.get("one")
        assert entry is not None
        uri, found = entry
        assert (uri, found) == (entry.uri, entry.tags)
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

    def test_closing_twice_is_fine(self, tmp_path: Path) -> None:
        storage = self.storage_class().open(self.location(tmp_path))
        storage.put("one", URI)
        storage.close()
        storage.close()

    def test_names_outlive_the_storage_if_it_keeps_them(self, tmp_path: Path) -> None:
        place = self.location(tmp_path)
        storage = self.storage_class().open(place)
        self.put_colours(storage)
        storage.remove("red")
        before = {name: read(entry) for name, entry in storage.find().items()}
        storage.close()
        again = self.storage_class().open(place)
        after = {name: read(entry) for name, entry in again.find().items()}
        again.close()
        assert after == (before if self.keeps_names else {})

    # ---- everything together

    @pytest.mark.parametrize("seed", range(5))
    def test_whatever_is_done_it_agrees_with_a_dict(self, storage: Storage, seed: int) -> None:
        chance = random.Random(seed)
        model: dict[str, tuple[str, frozenset[str]]] = {}
        for _ in range(150):
            name = "".join(chance.choices("aA_%", k=chance.randint(1, 3)))
            some = frozenset(chance.sample(["t", "T", "u_", "u%"], chance.randint(0, 3)))
            action = chance.randrange(5)
            if action <= 1:
                replace = bool(chance.randrange(2))
                assert storage.put(name, URI, some, replace=replace) is (replace or name not in model)
                if replace or name not in model:
                    model[name] = (URI, some)
            elif action == 2:
                assert storage.set_tags(name, some) is (name in model)
                if name in model:
                    model[name] = (model[name][0], some)
            elif action == 3:
                assert storage.remove(name) is (model.pop(name, None) is not None)
            self.compare(storage, model, name, some)

    def compare(
        self,
        storage: Storage,
        model: Mapping[str, tuple[str, frozenset[str]]],
        prefix: str,
        some: frozenset[str],
    ) -> None:
        """Ask everything that can be asked, and compare with a dict of the same names."""
        assert storage.count() == len(model)
        expected = {
            "prefix": {name: entry for name, entry in model.items() if name.startswith(prefix)},
            "all": {name: entry for name, entry in model.items() if some <= entry[1]},
            "any": {name: entry for name, entry in model.items() if some & entry[1]},
        }
        found = {
            "prefix": storage.find(prefix),
            "all": storage.find_all_tags(some),
            "any": storage.find_any_tag(some),
        }
        assert {how: {n: read(e) for n, e in entries.items()} for how, entries in found.items()} == expected

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


def read(entry: Entry | None) -> tuple[str, frozenset[str]]:
    """Address and tags of an entry that must be there."""
    assert entry is not None
    return entry.uri, entry.tags


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """Run something in several threads that start together; gives what each returned."""
    start = Barrier(THREADS)

    def run(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))
