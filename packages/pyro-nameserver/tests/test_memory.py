"""Names in memory."""

import pytest

from pyro_nameserver.storage.memory import MemoryStorage


def test_it_takes_no_location() -> None:
    assert MemoryStorage.open("").count() == 0
    with pytest.raises(ValueError, match="takes no location, got 'file'"):
        MemoryStorage.open("file")


def test_forgotten_tags_leave_nothing_behind() -> None:
    storage = MemoryStorage()
    storage.put("a", "PYRO:o@h:1", frozenset({"x", "y"}))
    storage.set_tags("a", frozenset({"y"}))
    storage.put("a", "PYRO:o@h:1", frozenset({"z"}))
    storage.remove("a")
    assert storage._names_by_tag == {}
