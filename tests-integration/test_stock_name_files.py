"""One sqlite file of names serves all three generations of name servers, one after the other."""

from pathlib import Path

import processes
import pytest
from stock_env import stock_python

from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.sqlite import SqliteStorage

OURS = Entry("PYRO:ours@h:1", frozenset({"new"}))


@pytest.mark.parametrize("generation", ["4", "5"])
def test_a_stock_file_is_taken_over_and_can_go_back(tmp_path: Path, generation: str) -> None:
    file = tmp_path / "names"
    theirs = Entry(f"PYRO:stock@h:{generation}", frozenset({"old", "stock"}))

    assert processes.outcomes(stock_python(), "stock_name_file.py", generation, str(file)) == {}
    with SqliteStorage(file) as storage:
        assert storage.find() == {f"from.{generation}": theirs}
        storage.put("ours", OURS.uri, OURS.tags)
        storage.put("plain", "PYRO:plain@h:1")

    assert processes.outcomes(stock_python(), "stock_name_file.py", generation, str(file)) == {
        f"from.{generation}": [theirs.uri, sorted(theirs.tags)],
        "ours": [OURS.uri, sorted(OURS.tags)],
        "plain": ["PYRO:plain@h:1", []],
    }
    with SqliteStorage(file) as storage:
        assert storage.find_all_tags(frozenset({"new"})) == {"ours": OURS}
        assert storage.count() == 3
