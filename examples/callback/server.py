"""Makes workers that call their client back when they are done.

Usage: python server.py
"""

import threading
from typing import Any

from pyro_server import current_call, expose, oneway, serve


@expose
class Worker:
    """Adds numbers up, and tells its client.

    Args:
        number: Of this worker.
        back: The client's object: a proxy, whichever way it came.
    """

    def __init__(self, number: int, back: Any) -> None:
        self._number = number
        self._back = back

    @oneway
    def work(self, amount: int) -> None:
        """Do the work, and call back with the result; the client does not wait here."""
        print(f"worker {self._number} begins", flush=True)
        answer = self._back.done(self._number, sum(range(amount)))
        print(f"worker {self._number} was told: {answer}", flush=True)


@expose
class Office:
    """Hires workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hired = 0

    def hire(self, back: Any) -> Worker:
        """A new worker, for as long as its client is connected."""
        with self._lock:
            self._hired += 1
            worker = Worker(self._hired, back)
        current_call().daemon.register(worker, session=True)
        return worker

    def provoke(self, back: Any) -> str:
        """Call a method of the client that fails."""
        try:
            back.fail()
        except ZeroDivisionError as problem:
            return f"the server got {type(problem).__name__}"
        return "nothing happened"


if __name__ == "__main__":
    serve({Office(): "example.callback"})
