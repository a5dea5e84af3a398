import pytest

from pyro_core.testing.clock import FakeClock
from pyro_http.problems import Problem
from pyro_http.rate_limits import MAX_CLIENTS, RateLimit


def test_a_burst_and_then_so_many_a_second() -> None:
    clock = FakeClock()
    limit = RateLimit(2.0, 3, clock=clock)
    for _ in range(3):
        limit.take("ann")
    with pytest.raises(Problem) as caught:
        limit.take("ann")
    assert caught.value.status == 429
    assert caught.value.headers["Retry-After"] == "1"
    limit.take("bob")
    clock.advance(0.5)
    limit.take("ann")
    with pytest.raises(Problem):
        limit.take("ann")


def test_no_limit_is_none() -> None:
    limit = RateLimit(0.0)
    for _ in range(1000):
        limit.take("ann")


def test_clients_are_forgotten_when_there_are_too_many() -> None:
    limit = RateLimit(1.0, 1, clock=FakeClock())
    for number in range(MAX_CLIENTS):
        limit.take(str(number))
    with pytest.raises(Problem):
        limit.take("0")
    limit.take("one more")
    assert len(limit._buckets) == MAX_CLIENTS
