"""The exceptions that the tests make are those that users are told about."""

import ast
import re
from pathlib import Path

from behaviour.exceptions import EXCEPTIONS

FOLDER = Path(__file__).parent
TABLE = FOLDER.parent.parent / "docs" / "reference" / "combinations.md"
ROW = re.compile(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| (.+) \|$", re.MULTILINE)


def test_the_table_for_users_says_the_same() -> None:
    rows = ROW.findall(TABLE.read_text(encoding="utf8"))
    told = {(behaviour, *re.findall(r"\w+", where)): reason for behaviour, where, reason in rows}
    assert told == EXCEPTIONS
    assert [row[0] for row in rows] == [behaviour for behaviour, *_ in EXCEPTIONS]


def test_every_exception_is_one_of_a_behaviour() -> None:
    tests = {
        node.name.removeprefix("test_")
        for file in FOLDER.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf8")))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert {behaviour for behaviour, *_ in EXCEPTIONS} <= tests
