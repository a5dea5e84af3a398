"""Breakages of promises fit the code, and there is one for every promise. The tool itself runs them."""

import re
from pathlib import Path

import pytest
from broken_promises.breakages import Breakage, BreakageError, load

ROOT = Path(__file__).parents[2]
BREAKAGES = list(load())
TABLE = (ROOT / "docs" / "reference" / "promises.md").read_text(encoding="utf8")
TESTS = dict(re.findall(r"^\| ([A-Z]\d+) \|.*\| (`[^|]+) \|$", TABLE, re.MULTILINE))
"""Number of a promise -> the tests that show it, as they stand in the table."""


@pytest.mark.parametrize("breakage", BREAKAGES, ids=[f"{each.promise}-{each.what}" for each in BREAKAGES])
def test_it_changes_one_place_and_names_a_test(breakage: Breakage) -> None:
    text = (ROOT / breakage.file).read_text(encoding="utf8")
    broken = breakage.applied(text)
    assert broken != text
    if breakage.file.endswith(".py"):
        compile(broken, breakage.file, "exec")
    file, _, name = breakage.test.partition("::")
    text = (ROOT / file).read_text(encoding="utf8")
    if name.startswith("Test") and "::" not in name:  # a class that has its tests from a suite
        assert f"class {name}(" in text
        name = breakage.select
    else:
        assert f"def {name.rpartition('::')[2]}(" in text
    assert f"::{name.rpartition('::')[2]}`" in TESTS[breakage.promise]


def test_every_promise_is_broken() -> None:
    assert {each.promise for each in BREAKAGES} == TESTS.keys()


def test_lines_that_are_gone_are_told() -> None:
    breakage = Breakage(promise="A1", what="nothing", file="a.py", old="gone", new="", test="t.py::test_t")
    with pytest.raises(BreakageError, match=r"a\.py has 0 places like this, expected one"):
        breakage.applied("here")
