"""A counter that is called very often."""

from pyro_server import behavior, expose, serve


@expose
@behavior(instance_mode="session")  # each client counts for itself
class Counter:
    """Counts, and divides."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def count(self) -> int:
        """How often it was counted up."""
        return self._count

    def add(self, number: int) -> int:
        """Count up; gives the new count."""
        self._count += number
        return self._count

    def divide(self, number: int, by: int) -> float:
        """The quotient; raises ``ZeroDivisionError``."""
        return number / by


if __name__ == "__main__":
    serve({Counter: None})
