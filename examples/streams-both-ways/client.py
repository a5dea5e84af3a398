"""Streams in both directions, over one connection.

Usage: python client.py URI
"""

import sys
from collections.abc import Iterator
from itertools import islice
from queue import SimpleQueue
from typing import Any

from pyro_client import Proxy

READINGS = 100_000
SECRET = 42


def readings() -> Iterator[float]:
    """Made one by one, while the server works on those before."""
    for number in range(READINGS):
        yield number % 1000 + number / READINGS


def play(station: Any) -> None:
    """A conversation: what the server yields is answered in the stream that it reads."""
    answers: SimpleQueue[str] = SimpleQueue()
    for guess in station.guesses(iter(answers.get, "that is all"), 100):
        answer = "right" if guess == SECRET else "higher" if guess < SECRET else "lower"
        print(f"the server says {guess}, we say: {answer}")
        answers.put(answer)
    answers.put("that is all")


def main(uri: str) -> None:
    """Send streams and read some."""
    with Proxy(uri) as station:
        highs = sum(1 for _ in station.record_highs(readings()))
        print(f"{READINGS:,} readings went there one by one, {highs:,} records came back")

        play(station)

        with station.numbers() as numbers:
            print(f"five of endlessly many: {list(islice(numbers, 5))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
