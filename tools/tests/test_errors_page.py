"""docs/reference/errors.md has every error with its base, its fields, and what to do about it."""

import inspect
import re
from pathlib import Path

import pytest

from pyro_core import errors
from pyro_core.errors import PyroError

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
ERRORS = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, PyroError)
}


def test_every_error_has_a_section_and_every_section_an_error() -> None:
    assert set(SECTIONS) == set(ERRORS)


@pytest.mark.parametrize("name", ERRORS)
def test_a_section_says_what_kind_it_is_when_it_is_raised_and_what_to_do(name: str) -> None:
    told = SECTIONS[name]
    base = ERRORS[name].__bases__[0].__name__
    assert re.match(rf"\nAn? `{base}`", told)
    assert re.findall(r"^\* \*\*(\w+):\*\*", told, re.MULTILINE)[:3] == ["When", "Executed", "Do"]


@pytest.mark.parametrize("name", ERRORS)
def test_a_section_names_the_fields(name: str) -> None:
    own = set(vars(ERRORS[name]())) - set(vars(ERRORS[name].__bases__[0]()))
    fields = SECTIONS[name].partition("**Fields:**")[2]
    assert {field for field in own if not field.startswith("_")} <= set(re.findall(r"`(\w+)`", fields))


def test_errors_that_say_that_nothing_was_executed_do() -> None:
    for name, kind in ERRORS.items():
        if kind().delivery == errors.NOT_EXECUTED:
            assert "**Executed:** not" in SECTIONS[name], name


def test_the_tree_is_that_of_the_classes() -> None:
    tree = PAGE.partition("    PyroError\n")[2].partition("\n\n")[0]
    path = ["PyroError"]
    told = {}
    for line in tree.splitlines():
        depth = (re.search(r"\w", line).start() - 4) // 4  # type: ignore[union-attr]
        name = re.findall(r"\w+", line)[0]
        told[name] = path[depth - 1]
        path[depth:] = [name]
    assert told == {name: kind.__bases__[0].__name__ for name, kind in ERRORS.items() if name != "PyroError"}
