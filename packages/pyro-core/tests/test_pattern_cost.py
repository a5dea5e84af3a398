"""The bound on what a pattern can cost."""

import re
import sys

import pytest

from pyro_core.pattern_cost import UNBOUNDED, count_ways


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("", 1),
        ("plain", 1),
        ("[a-z]{8}", 1),
        ("^a.b$", 1),
        (r"(?P<x>a)(?P=x)", 1),
        ("(?:ab){3}", 1),
        ("a?", 2),
        ("a*", 12),
        ("a+?", 11),
        ("a{2,4}", 3),
        (r"\w+\.\w+", 121),
        ("one|two|three", 2 + 1),
        ("(?:a|bc)d?", 4),
        ("(x{1,3}){2}", 9),
        ("(?=a+)b", 11),
        ("(?!a+)b", 11),
        ("(?>a+)b", 11),
        ("a?+b", 2),
        ("(a)?(?(1)b|c)", 4),
    ],
)
def test_choices_multiply(pattern: str, ways: int) -> None:
    assert count_ways(pattern, text_chars=10) == ways


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", r"(\w+\s?)*$", "(?:a|a)" * 70, "a?" * 70, "(.*a){20}"]
)
def test_patterns_known_to_explode_are_unbounded(pattern: str) -> None:
    assert count_ways(pattern, text_chars=100) == UNBOUNDED


def test_rounds_that_no_text_limits_are_counted() -> None:
    assert count_ways("(?:(?:(?:){9999}){9999}){9999}", text_chars=1) > 10**11
    assert count_ways("(?:(?=a)){9999}", text_chars=1) == 9999
    assert count_ways("(?:(?:x{9999}){9999}){9999}", text_chars=1) == 1, "each round needs a character"


def test_an_unknown_parser_makes_every_pattern_dangerous(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(re, "_parser")
    monkeypatch.setitem(sys.modules, "re._parser", None)
    assert count_ways("plain", text_chars=1) == UNBOUNDED
