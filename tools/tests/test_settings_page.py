"""docs/reference/settings.md has every setting as it is, and every variable that anything reads."""

import re

from documentation import settings_page

PAGES = settings_page.PAGE.read_text(encoding="utf-8")
SOURCES = settings_page.PAGE.parents[2].glob("packages/*/src/**/*.py")


def test_the_tables_are_what_the_classes_make_of_them() -> None:
    assert settings_page.up_to_date(PAGES) == PAGES, (
        "run 'hatch run python tools/documentation/settings_page.py'"
    )


def test_every_environment_variable_that_the_packages_name_is_on_the_page() -> None:
    named = {
        name
        for path in SOURCES
        for name in re.findall(r"\bPYRO(?:CLI)?_[A-Z_]+[A-Z]\b", path.read_text("utf-8"))
    }
    assert len(named) > 50
    assert sorted(name for name in named if f"`{name}`" not in PAGES) == []
