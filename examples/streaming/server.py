"""Methods whose results are made one by one, and one that takes its argument so."""

import threading
import time
from collections.abc import Iterable, Iterator

from pyro_server import expose, serve

SLOWNESS_S = 0.05
"""How long the slow one takes for each item."""


@expose
class Streams:
    """The same words in four ways, and numbers without end."""

    WORDS = ("a", "stream", "of", "words")

    def __init__(self) -> None:
        self._made = 0
        self._ended = threading.Event()

    def as_list(self) -> list[str]:
        """All at once."""
        return list(self.WORDS)

    def as_iterator(self) -> Iterator[str]:
        """Any iterator will do."""
        return iter(self.WORDS)

    def as_generator(self) -> Iterator[str]:
        """Made when they are wanted."""
        yield from self.WORDS

    def slowly(self) -> Iterator[str]:
        """Made with a pause before each."""
        for word in self.WORDS:
            time.sleep(SLOWNESS_S)
            yield word

    def failing(self) -> Iterator[str]:
        """Goes wrong on the way."""
        yield "good so far"
        raise LookupError("out of words")

    def numbers(self) -> Iterator[int]:
        """Endless: only the client knows when it has enough."""
        self._made, self._ended = 0, threading.Event()
        try:
            while True:
                self._made += 1
                yield self._made
        finally:
            print("nobody wants more numbers", flush=True)
            self._ended.set()

    def how_many_numbers(self) -> int:
        """How many were made until the client had enough."""
        self._ended.wait(5.0)
        return self._made

    def longest(self, words: Iterable[str]) -> str:
        """The longest of words that the client makes meanwhile."""
        return max(words, key=len)


if __name__ == "__main__":
    serve({Streams(): "streams"}, use_ns=False)
