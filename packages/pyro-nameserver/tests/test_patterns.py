"""Patterns of strangers against names."""

import time

import pytest

from pyro_core.errors import NamingError
from pyro_nameserver import patterns
from pyro_nameserver.patterns import PatternSearch

EXPLODING = ["(a+)+$", "(a|aa)+$", "(?:a|a)" * 20 + "(?:a|a)*$", "(?:(?:(?:){9999}){9999}){9999}"]
TRAP = "a" * 60 + "!"


@pytest.fixture
def search() -> PatternSearch:
    return PatternSearch(match_s=0.3)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ab", ["abc", "ab.d"]),
        (r"ab\.", ["ab.d"]),
        (".+c", ["abc", "xxabc"]),
        ("b", []),
        ("(?i)AB", ["abc", "ab.d"]),
        (r"(\w|\.)+$", ["abc", "ab.d", "xxabc"]),
    ],
)
def test_the_beginning_of_names_must_match(search: PatternSearch, pattern: str, found: list[str]) -> None:
    assert search.matching(pattern, ["abc", "ab.d", "xxabc", "-"]) == found


def test_a_costly_pattern_gives_the_right_answer_from_a_process(
    search: PatternSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_HARMLESS_WAYS", 0)
    assert search.matching(r"(\w+\.)*ü\ud800?", ["a.b.ü", "a.b.c", "ü\ud800"]) == ["a.b.ü", "ü\ud800"]


@pytest.mark.parametrize("pattern", EXPLODING)
def test_an_exploding_pattern_ends_with_an_error_in_time(search: PatternSearch, pattern: str) -> None:
    """A12."""
    started = time.monotonic()
    with pytest.raises(NamingError, match=r"takes longer than 0\.3 s"):
        search.matching(pattern, [TRAP])
    assert time.monotonic() - started < 20, "not minutes"


def test_many_names_take_no_longer_either() -> None:
    """A12."""
    ticks = iter(range(100))
    search = PatternSearch(match_s=10, clock=lambda: float(next(ticks)))
    with pytest.raises(NamingError, match="takes longer than 10 s"):
        search.matching("a", ["b"] * 50)


def test_a_pattern_at_the_length_limit_is_taken(search: PatternSearch) -> None:
    assert search.matching("a" * 200, ["a" * 200]) == ["a" * 200]


def test_a_pattern_above_the_length_limit_is_refused(search: PatternSearch) -> None:
    """A12."""
    with pytest.raises(NamingError, match="invalid regex: 201 characters, at most 200"):
        search.matching("a" * 201, [])


@pytest.mark.parametrize("pattern", ["(", "*", "x{99999999999}", "(?P<a", "(" * 200, "[", "(?z)"])
def test_what_is_no_pattern_is_refused(search: PatternSearch, pattern: str) -> None:
    with pytest.raises(NamingError, match="invalid regex: "):
        search.matching(pattern, ["a"])


def test_only_so_many_processes_match_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_PROCESSES", 1)
    search = PatternSearch(match_s=0.01)
    assert search._free.acquire(blocking=False)
    with pytest.raises(NamingError, match="too many costly regex searches"):
        search.matching(EXPLODING[0], [TRAP])


def test_no_interpreter_to_start_is_an_error(search: PatternSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns.sys, "executable", "/nowhere/python")
    with pytest.raises(NamingError, match="needs a process of its own"):
        search.matching(EXPLODING[0], [TRAP])


def test_a_process_that_fails_is_an_error_with_its_last_words(
    search: PatternSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_MATCHER", "/nowhere/matcher.py")
    with pytest.raises(NamingError, match="No such file"):
        search.matching(EXPLODING[0], [TRAP])
