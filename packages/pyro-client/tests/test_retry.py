"""How long to wait, and whether to try again."""

from itertools import islice

import pytest

from pyro_client.retry import delays, repeats
from pyro_core.errors import CommunicationError, ConnectionClosedError, TimeoutError


def test_limits_double_up_to_the_longest() -> None:
    assert list(islice(delays(0.1, 1.0, random=lambda: 1.0), 6)) == pytest.approx(
        [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    )


def test_each_delay_is_drawn_from_the_upper_half_of_its_limit() -> None:
    draws = iter([0.0, 0.5, 1.0])
    assert list(islice(delays(1.0, 1.0, random=lambda: next(draws)), 3)) == [0.5, 0.75, 1.0]
    assert all(0.5 <= delay <= 1.0 for delay in islice(delays(1.0, 1.0), 100))


def test_a_first_limit_above_the_longest_is_cut() -> None:
    assert next(delays(5.0, 2.0, random=lambda: 1.0)) == 2.0


SAFE = ConnectionClosedError("nothing sent", retry_safe=True)


@pytest.mark.parametrize(
    ("error", "attempt", "max_retries", "reused", "expected"),
    [
        pytest.param(SAFE, 0, 0, True, True, id="an old connection was closed, nothing was sent"),
        pytest.param(SAFE, 1, 0, True, False, id="but only once"),
        pytest.param(SAFE, 0, 0, False, False, id="a new connection is no old connection"),
        pytest.param(ConnectionClosedError(""), 0, 0, True, False, id="something was sent"),
        pytest.param(TimeoutError("", retry_safe=True), 0, 0, True, False, id="no time is left"),
        pytest.param(TimeoutError(""), 0, 2, True, True, id="asked for"),
        pytest.param(CommunicationError(""), 1, 2, False, True, id="asked for, second time"),
        pytest.param(CommunicationError(""), 2, 2, False, False, id="asked for, but not that often"),
    ],
)
def test_calls_are_repeated_only_where_safe_or_asked_for(
    error: CommunicationError, attempt: int, max_retries: int, reused: bool, expected: bool
) -> None:
    assert repeats(error, attempt, max_retries, reused=reused) is expected
