"""Servers that count words, all in this process; on a real network, each on a machine of its own.

Usage: python servers.py [HOW_MANY]
"""

import re
import sys
from collections import Counter

from pyro_server import expose, serve

PREFIX = "example.wordcount."
DULL_WORDS = "a and are be by can for from have in is it not of on or that the this to we"
"""Those that nobody wants to have counted."""


@expose
class WordCounter:
    """Counts words.

    Args:
        name: Of this one, for those who watch.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def count(self, lines: list[str]) -> dict[str, int]:
        """How often each word that is not dull occurs."""
        dull = set(DULL_WORDS.split())
        words = (word for line in lines for word in re.findall(r"[a-z]+", line.lower()))
        counts = Counter(word for word in words if word not in dull)
        print(f"{self._name}: {len(lines)} lines, {counts.total()} words", flush=True)
        return dict(counts)


if __name__ == "__main__":
    names = [f"{PREFIX}{number}" for number in range(1, int(sys.argv[1]) + 1 if len(sys.argv) > 1 else 4)]
    serve({WordCounter(name): name for name in names})
