"""Calls that wait for one another, so that it can be seen that they run at the same time.

Usage: python server.py
"""

import threading

from pyro_server import behavior, expose, serve

PATIENCE_S = 10.0


@expose
@behavior(instance_mode="single")
class Meeting:
    """A place where callers wait until enough of them are there."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._present = 0
        self._calls = 0

    def join(self, number: int) -> int:
        """Wait until so many calls are here at the same time; gives how many are.

        Raises:
            TimeoutError: If they do not come.
        """
        with self._changed:
            self._present += 1
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._present >= number, PATIENCE_S):
                raise TimeoutError(f"waited for {number} callers, but only {self._present} came")
            return self._present

    def count(self) -> int:
        """Count this call; gives how many there were."""
        with self._changed:
            self._calls += 1
            return self._calls


if __name__ == "__main__":
    serve({Meeting: "example.meeting"})
