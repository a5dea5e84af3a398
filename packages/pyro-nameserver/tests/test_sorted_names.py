"""Names in order."""

from hypothesis import given
from hypothesis import strategies as st

from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.sorted_names import MOST, SortedNames

_FEW_LETTERS = st.text(st.sampled_from(["a", "b", "\U0010ffff"]), max_size=4)


def _parts(names: SortedNames) -> list[list[str]]:
    return names._parts


@given(st.lists(_FEW_LETTERS), st.sets(_FEW_LETTERS), _FEW_LETTERS)
def test_it_finds_what_a_plain_set_has(added: list[str], removed: set[str], prefix: str) -> None:
    names, plain = SortedNames(), set(added)
    for name in dict.fromkeys(added):
        names.add(name)
    for name in plain & removed:
        names.remove(name)
    assert names.beginning_with(prefix) == sorted(name for name in plain - removed if name.startswith(prefix))


def test_parts_stay_small_and_are_searched_across_their_borders() -> None:
    names = SortedNames()
    numbers = [f"n{(number * 7) % 10_000:04}" for number in range(10_000)]
    for name in numbers:
        names.add(name)
    assert max(map(len, _parts(names))) <= MOST
    for prefix in ("", "n", "n1", "n99", "n9999", "n99999", "m", "o"):
        assert names.beginning_with(prefix) == sorted(name for name in numbers if name.startswith(prefix))
    for name in numbers:
        names.remove(name)
    assert _parts(names) == []


def test_a_search_by_prefix_looks_at_no_other_names() -> None:
    looked: list[str] = []

    class Name(str):
        __slots__ = ()

        def startswith(self, *args: object) -> bool:  # type: ignore[override]
            looked.append(self)
            return super().startswith(*args)  # type: ignore[arg-type]

    storage = MemoryStorage()
    for number in range(5000):
        storage.put(Name(f"n{number:04}"), "PYRO:o@h:1")
    assert sorted(storage.find("n012")) == [f"n012{digit}" for digit in range(10)]
    assert len(looked) < 20
