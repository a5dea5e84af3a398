"""A clock that tests move by hand, so that nobody has to wait."""


class FakeClock:
    """Stands in for ``time.monotonic`` where a clock is an argument.

    Args:
        now: What it shows at first, in seconds.

    Attributes:
        now: What it shows.
    """

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Args:
            seconds: How much; 0 or more, as monotonic clocks never go back.

        Raises:
            ValueError: If it is less than 0.
        """
        if seconds < 0:
            raise ValueError(f"a monotonic clock never goes back, not even by {-seconds:g} seconds")
        self.now += seconds
