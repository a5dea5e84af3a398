"""A counter that is called very often."""

import threading

from pyro_server import behavior, expose, serve


@expose
@behavior(instance_mode="session")  # each client counts for itself
class Counter:
    """Counts, and divides."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()  # a oneway batch runs beside the calls that come after it

    def add(self, number: int) -> int:
        """Count up; gives the new count."""
        with self._changed:
            self._count += number
            self._changed.notify_all()
            return self._count

    def reaches(self, number: int, within_s: float) -> bool:
        """Whether the count gets to a number in so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == number, within_s)

    def divide(self, number: int, by: int) -> float:
        """The quotient; raises ``ZeroDivisionError``."""
        return number / by


if __name__ == "__main__":
    serve({Counter: None})
