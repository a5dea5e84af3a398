import pytest

from pyro_core.testing.clock import FakeClock


def test_time_passes_only_when_told_to() -> None:
    clock = FakeClock(5.0)
    assert (clock(), clock()) == (5.0, 5.0)
    clock.advance(0)
    clock.advance(2.5)
    assert clock() == 7.5


def test_time_never_goes_back() -> None:
    clock = FakeClock()
    with pytest.raises(ValueError, match=r"never goes back, not even by 0\.5 seconds"):
        clock.advance(-0.5)
    assert clock() == FakeClock()()
