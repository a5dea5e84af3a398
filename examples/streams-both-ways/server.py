"""Methods that take a stream, give a stream, or do both at the same time.

Usage: python server.py
"""

from collections.abc import Iterable, Iterator
from itertools import count

from pyro_server import expose, serve


@expose
class Station:
    """Works on readings as they come in."""

    def record_highs(self, readings: Iterable[float]) -> Iterator[float]:
        """Each reading that is higher than all before it; takes a stream and gives one."""
        highest = float("-inf")
        for reading in readings:
            if reading > highest:
                highest = reading
                yield reading

    def guesses(self, answers: Iterable[str], most: int) -> Iterator[int]:
        """Find a number from 0 to ``most``: guesses go out while answers come in."""
        low, high = 0, most
        hints = iter(answers)
        while True:
            guess = (low + high) // 2
            yield guess
            answer = next(hints)
            if answer == "right":
                return
            low, high = (guess + 1, high) if answer == "higher" else (low, guess - 1)

    def numbers(self) -> Iterator[int]:
        """A stream without an end; is closed when its reader leaves."""
        made = 0
        try:
            for made in count():
                yield made
        finally:
            print(f"the reader has left: {made + 1} numbers were made, no more", flush=True)


if __name__ == "__main__":
    serve({Station(): "station"}, use_ns=False)
