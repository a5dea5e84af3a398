"""Name storages as mappings, the form they have in Pyro4, and mappings as name storages."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any, ClassVar, Self

from Pyro4.facade.failures import classic_errors
from pyro_nameserver.patterns import PatternSearch
from pyro_nameserver.storage.base import Entry, Storage
from pyro_nameserver.storage.local import LocalStorage

Found = dict[str, Any]
"""Name -> address as text; or name -> (address, tags), for those who want metadata."""


class StorageMapping(MutableMapping[str, tuple[str, set[str]]]):
    """A native storage as a mapping: name -> (address as text, tags).

    Args:
        reopen: Opens the storage; also when it is used again after ``close``.
    """

    def __init__(self, reopen: Callable[[], Storage]) -> None:
        self._reopen = reopen
        self._native: Storage | None = None
        with classic_errors():
            _ = self.native

    @property
    def native(self) -> Storage:
        """The storage behind it."""
        if self._native is None:
            self._native = self._reopen()
        return self._native

    def __getitem__(self, name: str) -> tuple[str, set[str]]:
        with classic_errors():
            entry = self.native.get(name)
        if entry is None:
            raise KeyError(name)
        return entry.uri, set(entry.tags)

    def __setitem__(self, name: str, value: tuple[str, Iterable[str]]) -> None:
        uri, metadata = value
        with classic_errors():
            self.native.put(name, uri, frozenset(metadata or ()))

    def __delitem__(self, name: str) -> None:
        with classic_errors():
            if not self.native.remove(name):
                raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.everything())

    def __len__(self) -> int:
        with classic_errors():
            return self.native.count()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} with {len(self)} names>"

    def clear(self) -> None:
        self.remove_items(self.everything())

    def everything(self, return_metadata: bool = False) -> Found:
        """All names."""
        with classic_errors():
            return _found(self.native.find(), return_metadata)

    def optimized_prefix_list(self, prefix: str, return_metadata: bool = False) -> Found | None:
        """Names that begin with a text; a storage that has no quick way may give None."""
        with classic_errors():
            return _found(self.native.find(prefix), return_metadata)

    def optimized_regex_list(self, regex: str, return_metadata: bool = False) -> Found | None:
        """Names whose beginning matches a pattern; None as above.

        Raises:
            NamingError: If the pattern is none, or too costly.
        """
        with classic_errors():
            everything = self.native.find()
            names = PatternSearch().matching(regex, everything)
            return _found({name: everything[name] for name in names}, return_metadata)

    def optimized_metadata_search(
        self,
        metadata_all: Iterable[str] | None = None,
        metadata_any: Iterable[str] | None = None,
        return_metadata: bool = False,
    ) -> Found | None:
        """Names that have all of some tags, or one of some; None as above."""
        with classic_errors():
            if metadata_all:
                return _found(self.native.find_all_tags(frozenset(metadata_all)), return_metadata)
            return _found(self.native.find_any_tag(frozenset(metadata_any or ())), return_metadata)

    def remove_items(self, items: Iterable[str]) -> None:
        """Forget several names; those that are not there do not matter."""
        with classic_errors():
            self.native.remove_many(items)

    def close(self) -> None:
        """Let go of files. They are opened again when they are needed."""
        native, self._native = self._native, None
        if native is not None:
            with classic_errors():
                native.close()


class MappedStorage(LocalStorage):
    """A program's own mapping as a native storage.

    Args:
        mapping: Name -> (address, tags), with the further methods that Pyro4 asks for.
    """

    name: ClassVar[str] = "mapping"
    takes_leases: ClassVar[bool] = False  # there is no place for them in a mapping of Pyro4

    def __init__(self, mapping: Any) -> None:
        super().__init__()
        self._mapping = mapping

    @classmethod
    def open(cls, location: str) -> Self:
        raise ValueError("a mapping is no place; give the object itself")

    def get(self, name: str) -> Entry | None:
        with self._lock:
            return _entry(self._mapping[name]) if name in self._mapping else None

    def count(self) -> int:
        with self._lock:
            return len(self._mapping)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        with self._lock:
            found = self._mapping.optimized_prefix_list(prefix, True) if prefix else None
            if found is None:
                found = self._mapping.everything(return_metadata=True)
        return {name: _entry(value) for name, value in found.items() if name.startswith(prefix)}

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        return self._tagged(lambda entry: tags <= entry.tags, metadata_all=tags) if tags else self.find()

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        return self._tagged(lambda entry: bool(tags & entry.tags), metadata_any=tags) if tags else {}

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        with self._lock:
            known = {name for name in names if name in self._mapping}
            self._mapping.remove_items(known)
            for name in known:
                self._note("removed", name, None)
            return len(known)

    def close(self) -> None:
        super().close()
        self._mapping.close()

    def _write(self, name: str, entry: Entry, before: Entry | None) -> None:
        self._mapping[name] = entry.uri, entry.tags

    def _erase(self, name: str, before: Entry) -> None:
        del self._mapping[name]

    def _tagged(self, wanted: Callable[[Entry], bool], **query: frozenset[str]) -> dict[str, Entry]:
        with self._lock:
            found = self._mapping.optimized_metadata_search(return_metadata=True, **query)
            entries = self.find() if found is None else {name: _entry(found[name]) for name in found}
        return {name: entry for name, entry in entries.items() if wanted(entry)}


def native_storage(storage: Any) -> Storage:
    """The native storage behind what Pyro4 calls a storage provider.

    Args:
        storage: One of Pyro4's storages, or any mapping with their methods.

    Raises:
        TypeError: If it is none.
    """
    if isinstance(storage, StorageMapping):
        return storage.native
    if not all(hasattr(storage, method) for method in ("__setitem__", "everything", "remove_items")):
        raise TypeError(f"not a storage for names: {storage!r}; it needs the methods of MemoryStorage")
    return MappedStorage(storage)


def _entry(value: Any) -> Entry:
    uri, metadata = value
    return Entry(uri, frozenset(metadata or ()))


def _found(entries: dict[str, Entry], with_metadata: bool) -> Found:
    if with_metadata:
        return {name: (entry.uri, set(entry.tags)) for name, entry in entries.items()}
    return {name: entry.uri for name, entry in entries.items()}
