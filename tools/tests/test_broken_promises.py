"""Breakages of promises fit the code, and there is one for every promise. The tool itself runs them."""

from pathlib import Path

import pytest
from broken_promises.breakages import Breakage, BreakageError, load

ROOT = Path(__file__).parents[2]
BREAKAGES = list(load())


@pytest.mark.parametrize("breakage", BREAKAGES, ids=[f"{each.promise}-{each.what}" for each in BREAKAGES])
def test_it_changes_one_place_and_names_a_test(breakage: Breakage) -> None:
    text = (ROOT / breakage.file).read_text(encoding="utf8")
    broken = breakage.applied(text)
    assert broken != text
    if breakage.file.endswith(".py"):
        compile(broken, breakage.file, "exec")
    file, _, name = breakage.test.partition("::")
    # A class inherits its tests from a suite, and one of them is selected.
    kind = "class" if name.startswith("Test") and breakage.select else "def"
    assert f"{kind} {name.rpartition('::')[2]}(" in (ROOT / file).read_text(encoding="utf8")


def test_lines_that_are_gone_are_told() -> None:
    breakage = Breakage(promise="A1", what="nothing", file="a.py", old="gone", new="", test="t.py::test_t")
    with pytest.raises(BreakageError, match=r"a\.py has 0 places like this, expected one"):
        breakage.applied("here")
