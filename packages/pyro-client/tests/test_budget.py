"""Many callers of one proxy together do not hammer a dead server."""

from pyro_client.retry import BUDGET, PER_SUCCESS, Budget, delays
from pyro_core.testing.clock import FakeClock


def taken(budget: Budget) -> int:
    count = 0
    while budget.take():
        count += 1
    return count


def test_a_burst_is_limited_and_then_one_a_second() -> None:
    clock = FakeClock()
    budget = Budget(clock=clock)
    assert taken(budget) == BUDGET
    clock.advance(0.99)
    assert taken(budget) == 0
    clock.advance(0.02)
    assert taken(budget) == 1
    clock.advance(10_000)
    assert taken(budget) == BUDGET


def test_calls_that_succeed_give_some_back() -> None:
    budget = Budget(clock=FakeClock())
    assert taken(budget) == BUDGET
    for _ in range(round(2 / PER_SUCCESS) + 1):
        budget.succeeded()
    assert taken(budget) == 2


def test_one_caller_alone_never_runs_out() -> None:
    clock = FakeClock()
    budget = Budget(clock=clock)
    waits = delays(random=lambda: 0.0)
    for _ in range(1_000):
        assert budget.take()
        clock.advance(next(waits))
