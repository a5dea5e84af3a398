"""Names in a dict: gone when the process ends."""

import time
from collections.abc import Callable
from typing import ClassVar, Self

from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.local import LocalStorage
from pyro_nameserver.storage.sorted_names import SortedNames


class MemoryStorage(LocalStorage):
    """Keeps names in memory. A search by prefix or tag does not look at every name.

    Args:
        clock: Gives monotonic seconds.
    """

    name: ClassVar[str] = "memory"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self._entries: dict[str, Entry] = {}
        self._sorted = SortedNames()
        self._names_by_tag: dict[str, set[str]] = {}

    @classmethod
    def open(cls, location: str = "") -> Self:
        if location:
            raise ValueError(f"the memory storage takes no location, got {location!r}; write just 'memory'")
        return cls()

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def count(self) -> int:
        return len(self._entries)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        with self._lock:
            if not prefix:
                return self._entries.copy()
            return {name: self._entries[name] for name in self._sorted.beginning_with(prefix)}

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        if not tags:
            return self.find()
        with self._lock:
            groups = sorted((self._names_by_tag.get(tag, set()) for tag in tags), key=len)
            return {name: self._entries[name] for name in groups[0].intersection(*groups[1:])}

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        with self._lock:
            names = {name for tag in tags for name in self._names_by_tag.get(tag, ())}
            return {name: self._entries[name] for name in names}

    def _write(self, name: str, entry: Entry, before: Entry | None) -> None:
        if before is None:
            self._sorted.add(name)
        else:
            self._forget_tags(name, before.tags)
        self._entries[name] = entry
        for tag in entry.tags:
            self._names_by_tag.setdefault(tag, set()).add(name)

    def _erase(self, name: str, before: Entry) -> None:
        del self._entries[name]
        self._sorted.remove(name)
        self._forget_tags(name, before.tags)

    def _forget_tags(self, name: str, tags: frozenset[str]) -> None:
        for tag in tags:
            names = self._names_by_tag[tag]
            names.discard(name)
            if not names:
                del self._names_by_tag[tag]
