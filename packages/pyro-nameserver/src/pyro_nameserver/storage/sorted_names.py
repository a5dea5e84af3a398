"""Names in order, so that those with a prefix are found without looking at the others."""

from bisect import bisect_left, bisect_right, insort
from operator import itemgetter
from typing import Final

MOST: Final = 1_000
"""Names in one part; adding a name moves no more than so many."""

_first: Final = itemgetter(0)


class SortedNames:
    """A set of names in the order of their code points, in parts that are never empty. Not thread-safe."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[list[str]] = []

    def add(self, name: str) -> None:
        """Add a name that is not in it."""
        if not self._parts:
            self._parts.append([name])
            return
        at = self._part_of(name)
        part = self._parts[at]
        insort(part, name)
        if len(part) > MOST:
            half = len(part) // 2
            self._parts.insert(at + 1, part[half:])
            del part[half:]

    def remove(self, name: str) -> None:
        """Remove a name that is in it."""
        at = self._part_of(name)
        part = self._parts[at]
        del part[bisect_left(part, name)]
        if not part:
            del self._parts[at]

    def beginning_with(self, prefix: str) -> list[str]:
        """The names that begin with a text, in order."""

        def is_beyond(name: str) -> bool:
            return not name.startswith(prefix)

        found: list[str] = []
        for part in self._parts[self._part_of(prefix) :]:
            start = bisect_left(part, prefix)
            end = bisect_left(part, True, start, key=is_beyond)
            found += part[start:end]
            if end < len(part):
                break
        return found

    def _part_of(self, name: str) -> int:
        """Where a name is, or would be, or where those begin that come after it."""
        return max(bisect_right(self._parts, name, key=_first) - 1, 0)
