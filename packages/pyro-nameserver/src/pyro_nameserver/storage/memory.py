"""Names in a dict: gone when the process ends."""

from collections.abc import Iterable
from threading import Lock
from typing import ClassVar, Self

from pyro_nameserver.storage.base import NO_TAGS, Entry, Storage


class MemoryStorage(Storage):
    """Keeps names in memory, with an index of tags so that a search by tag does not look at every name."""

    name: ClassVar[str] = "memory"

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: dict[str, Entry] = {}
        self._names_by_tag: dict[str, set[str]] = {}

    @classmethod
    def open(cls, location: str = "") -> Self:
        if location:
            raise ValueError(f"the memory storage takes no location, got {location!r}; write just 'memory'")
        return cls()

    def put(self, name: str, uri: str, tags: frozenset[str] = NO_TAGS, *, replace: bool = True) -> bool:
        with self._lock:
            known = self._entries.get(name)
            if known is not None:
                if not replace:
                    return False
                self._forget_tags(name, known.tags)
            self._store(name, Entry(uri, tags))
            return True

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        with self._lock:
            known = self._entries.get(name)
            if known is None:
                return False
            self._forget_tags(name, known.tags)
            self._store(name, Entry(known.uri, tags))
            return True

    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        with self._lock:
            known = self._entries.get(name)
            if known is None or (only_uri is not None and known.uri != only_uri):
                return False
            self._drop(name)
            return True

    def remove_many(self, names: Iterable[str]) -> int:
        with self._lock:
            known = {name for name in names if name in self._entries}
            for name in known:
                self._drop(name)
            return len(known)

    def count(self) -> int:
        return len(self._entries)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        with self._lock:
            everything = self._entries.copy()
        if not prefix:
            return everything
        return {name: entry for name, entry in everything.items() if name.startswith(prefix)}

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

    def close(self) -> None:
        """Nothing to let go of."""

    def _store(self, name: str, entry: Entry) -> None:
        self._entries[name] = entry
        for tag in entry.tags:
            self._names_by_tag.setdefault(tag, set()).add(name)

    def _drop(self, name: str) -> None:
        self._forget_tags(name, self._entries.pop(name).tags)

    def _forget_tags(self, name: str, tags: frozenset[str]) -> None:
        for tag in tags:
            names = self._names_by_tag[tag]
            names.discard(name)
            if not names:
                del self._names_by_tag[tag]
