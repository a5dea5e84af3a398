"""Breakages of promises fit the code, and there is one for every promise. The tool itself runs them."""

import re
from pathlib import Path

import pytest
from broken_promises.breakages import Breakage, BreakageError, load

ROOT = Path(__file__).parents[2]
BREAKAGES = list(load())
EACH = pytest.mark.parametrize(
    "breakage", BREAKAGES, ids=[f"{each.promise}-{each.what}" for each in BREAKAGES]
)
TABLE = (ROOT / "docs" / "reference" / "promises.md").read_text(encoding="utf8")
ROWS = dict(re.findall(r"^\| ([A-Z]\d+) (\|.*)", TABLE, re.MULTILINE))


def test_there_is_one_for_every_promise() -> None:
    assert {each.promise for each in BREAKAGES} == ROWS.keys()


def is_of_a_suite(breakage: Breakage) -> bool:
    """Whether its test is one that a class has from a suite: then the row names the suite's."""
    return breakage.test.rpartition("::")[2].startswith("Test")


@EACH
def test_its_test_is_one_of_the_promise(breakage: Breakage) -> None:
    test = f"::{breakage.select}`" if is_of_a_suite(breakage) else f"`{breakage.test}`"
    assert test in ROWS[breakage.promise]


@EACH
def test_it_changes_one_place_and_names_a_test(breakage: Breakage) -> None:
    text = (ROOT / breakage.file).read_text(encoding="utf8")
    broken = breakage.applied(text)
    assert broken != text
    if breakage.file.endswith(".py"):
        compile(broken, breakage.file, "exec")
    file, _, name = breakage.test.partition("::")
    defined = f"{'class' if is_of_a_suite(breakage) else 'def'} {name.rpartition('::')[2]}("
    assert defined in (ROOT / file).read_text(encoding="utf8")


def test_lines_that_are_gone_are_told() -> None:
    breakage = Breakage(promise="A1", what="nothing", file="a.py", old="gone", new="", test="t.py::test_t")
    with pytest.raises(BreakageError, match=r"a\.py has 0 places like this, expected one"):
        breakage.applied("here")
