"""Addresses that failed a moment ago."""

from pyro_client.failures import RecentFailures
from pyro_core.testing.clock import FakeClock


def test_what_failed_comes_last_for_a_short_time() -> None:
    clock = FakeClock()
    failures = RecentFailures(5, clock=clock)
    failures.note("a")
    assert failures.last(["a", "b", "c"]) == ["b", "c", "a"]
    clock.advance(4.9)
    assert failures.is_recent("a")
    clock.advance(0.2)
    assert failures.last(["a", "b"]) == ["a", "b"]


def test_what_works_again_is_not_held_against_it() -> None:
    failures = RecentFailures()
    failures.note("a")
    failures.forget("a")
    failures.forget("never failed")
    assert not failures.is_recent("a")


def test_the_oldest_is_forgotten_first() -> None:
    failures = RecentFailures(max_failures=2)
    for address in "abac":
        failures.note(address)
    assert [address for address in "abc" if failures.is_recent(address)] == ["a", "c"]
