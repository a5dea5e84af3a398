"""A storage of the name server that keeps names in a JSON file.

The file is written anew with each change, which is fine for some hundred names that seldom change, and easy
to read, copy and compare.
"""

import json
import os
from pathlib import Path
from typing import Any, ClassVar, Self

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.local import LocalStorage

__all__ = ["JsonFileStorage"]


class JsonFileStorage(LocalStorage):
    """The storage ``jsonfile:PATH``, for one name server at a time.

    What a method has stored when it returns survives ``kill -9``, as the file is replaced as a whole. It
    keeps permanent names only: the base class knows leases while the process lives, and the file outlives it.

    Args:
        path: The file; made with the first name.

    Raises:
        NamingError: If it cannot be read, or is something else.
    """

    name: ClassVar[str] = "jsonfile"
    takes_leases: ClassVar[bool] = False

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self._path = Path(path)
        self._entries = self._read()

    @classmethod
    def open(cls, location: str) -> Self:
        """Open a file; see ``Storage``."""
        if not location:
            raise ValueError("the jsonfile storage needs a file; write 'jsonfile:PATH'")
        return cls(location)

    # ---- reading

    def get(self, name: str) -> Entry | None:
        """The entry of a name; see ``Storage``."""
        return self._entries.get(name)

    def count(self) -> int:
        """How many names there are; see ``Storage``."""
        return len(self._entries)

    def find(self, prefix: str = "") -> dict[str, Entry]:
        """Names with a prefix; see ``Storage``."""
        return {name: entry for name, entry in self._entries.items() if name.startswith(prefix)}

    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        """Names with all of these tags; see ``Storage``."""
        return {name: entry for name, entry in self._entries.items() if tags <= entry.tags}

    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        """Names with one of these tags; see ``Storage``."""
        return {name: entry for name, entry in self._entries.items() if tags & entry.tags}

    # ---- changing: the base class does the rest, and has the lock

    def _write(self, name: str, entry: Entry, before: Entry | None) -> None:
        self._save({**self._entries, name: entry})

    def _erase(self, name: str, before: Entry) -> None:
        self._save({kept: entry for kept, entry in self._entries.items() if kept != name})

    def _save(self, entries: dict[str, Entry]) -> None:
        """Write the file; only then is it so. Readers, who have no lock, see the old dict or the new one."""
        beside = self._path.with_name(f"{self._path.name}.new")
        known = {name: {"uri": entry.uri, "tags": sorted(entry.tags)} for name, entry in entries.items()}
        try:
            beside.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf8")
            os.replace(beside, self._path)
        except OSError as problem:
            raise NamingError(f"cannot write names to {self._path}: {problem}") from problem
        self._entries = entries

    def _read(self) -> dict[str, Entry]:
        try:
            known: dict[str, Any] = json.loads(self._path.read_text(encoding="utf8"))
            return {name: Entry(fields["uri"], frozenset(fields["tags"])) for name, fields in known.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise NamingError(f"cannot read names from {self._path}: {problem!r}") from problem
