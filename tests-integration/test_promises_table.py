"""The table of promises names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
NUMBERS = [
    *["A1", "A2", "A4", "A5", "A6", "A11", "A13", "A15", "B1", "B4", "B5", "B7", "B8", "C4", "C5", "C6"],
    *["D1", "D5", "D6", "D11", "D12", "E2", "E3", "E7", "E8", "E10", "S3", "S4", "S8"],
]


def rows() -> dict[str, list[tuple[str, str]]]:
    """Number of the promise -> files and names of its tests."""
    text = (ROOT / "docs" / "reference" / "promises.md").read_text(encoding="utf8")
    lines = re.findall(r"^\| ([A-Z]\d+) \|.*\| (`[^|]+) \|$", text, re.MULTILINE)
    return {number: re.findall(r"`([^`:]+)::(\w+)`", tests) for number, tests in lines}


def names_in(file: str) -> set[str]:
    """Names of all test functions of a file, those in classes included."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_has_a_row_with_a_test() -> None:
    assert list(rows()) == NUMBERS
    assert all(rows().values())


def test_every_test_in_the_table_exists() -> None:
    missing = [
        f"{number}: {file}::{name}"
        for number, tests in rows().items()
        for file, name in tests
        if not name.startswith("test_") or name not in names_in(file)
    ]
    assert not missing
