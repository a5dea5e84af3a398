"""The tables of promises name tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "docs" / "reference"
PROMISES = {
    "A": range(1, 17),
    "B": range(1, 13),
    "C": range(1, 12),
    "D": range(1, 13),
    "E": range(1, 11),
    "S": range(1, 11),
}
NUMBERS = {
    "promises.md": [f"{group}{number}" for group, numbers in PROMISES.items() for number in numbers],
    "client-chapter.md": [f"CL{number}" for number in range(1, 57)],
    "server-chapter.md": [f"SV{number}" for number in range(1, 46)],
}


def rows(table: str) -> dict[str, list[tuple[str, str]]]:
    """Number of the promise -> files and names of its tests."""
    text = (TABLES / table).read_text(encoding="utf8")
    lines = re.findall(r"^\| ([A-Z]+\d+) \|.*\| (`[^|]+) \|$", text, re.MULTILINE)
    return {number: re.findall(r"`([^`:]+)::(\w+)`", tests) for number, tests in lines}


def names_in(file: str) -> set[str]:
    """Names of all test functions of a file, those in classes included."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("table", NUMBERS)
def test_every_promise_has_a_row_with_a_test(table: str) -> None:
    assert list(rows(table)) == NUMBERS[table]
    assert all(rows(table).values())


@pytest.mark.parametrize("table", NUMBERS)
def test_every_test_in_the_table_exists(table: str) -> None:
    missing = [
        f"{number}: {file}::{name}"
        for number, tests in rows(table).items()
        for file, name in tests
        if not name.startswith("test_") or name not in names_in(file)
    ]
    assert not missing


@pytest.mark.parametrize("table", [table for table in NUMBERS if table.endswith("-chapter.md")])
def test_every_test_of_a_chapter_is_in_its_table(table: str) -> None:
    pattern = f"test_{table.removesuffix('.md').replace('-', '_')}_*.py"
    files = [file.relative_to(ROOT).as_posix() for file in (ROOT / "tests-integration").glob(pattern)]
    tests = {(file, name) for file in files for name in names_in(file) if name.startswith("test_")}
    assert tests - {test for listed in rows(table).values() for test in listed} == set()
