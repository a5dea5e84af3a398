"""What storages have in common whose names only this process changes."""

import abc
import time
from collections.abc import Callable, Iterable
from threading import RLock
from typing import ClassVar

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import (
    NO_TAGS,
    Change,
    ChangeKind,
    Entry,
    Snapshot,
    Storage,
    Subscription,
    first_revision,
    may_change,
)
from pyro_nameserver.storage.journal import Journal, JournalSubscription


class LocalStorage(Storage):
    """Does leases, owners and revisions in memory; a subclass keeps the entries.

    A subclass defines ``open``, ``get``, ``count``, ``find``, ``find_all_tags``, ``find_any_tag``, ``_write``
    and ``_erase``; those two are called with ``_lock`` held, the others take it if they need it. One whose
    names outlive it sets ``takes_leases`` to False: what is known about leases ends with the process.

    Args:
        clock: Gives monotonic seconds.

    Class attributes:
        keeps_tags: False if there is no place for tags; they are dropped.
    """

    keeps_tags: ClassVar[bool] = True

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = RLock()
        self._clock = clock
        self._journal = Journal(first_revision())
        self._ends_at: dict[str, float] = {}  # of each leased name

    @abc.abstractmethod
    def _write(self, name: str, entry: Entry, before: Entry | None) -> None:
        """Keep an entry in place of what there was before."""

    @abc.abstractmethod
    def _erase(self, name: str, before: Entry) -> None:
        """Forget an entry that is there."""

    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = NO_TAGS,
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool:
        if ttl_s is not None and not self.takes_leases:
            raise NamingError(
                f"the storage {self.name!r} holds permanent names only; "
                "register without a ttl, or let the name server use another storage, such as 'sqlite:FILE'"
            )
        with self._lock:
            before = self.get(name)
            if before is not None and not replace:
                return False
            may_change(name, before, by)
            entry = Entry(uri, tags if self.keeps_tags else NO_TAGS, ttl_s, owner)
            self._write(name, entry, before)
            if ttl_s is None:
                self._ends_at.pop(name, None)
            else:
                self._ends_at[name] = self._clock() + ttl_s
            self._note("added" if before is None else "changed", name, entry)
            return True

    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        with self._lock:
            before = self.get(name)
            if before is None:
                return False
            may_change(name, before, by)
            entry = before._replace(tags=tags if self.keeps_tags else NO_TAGS)
            self._write(name, entry, before)
            self._note("changed", name, entry)
            return True

    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        with self._lock:
            before = self.get(name)
            if before is None or (only_uri is not None and before.uri != only_uri):
                return False
            may_change(name, before, by)
            self._forget("removed", name, before)
            return True

    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        count = 0
        with self._lock:
            for name in set(names):
                before = self.get(name)
                if before is not None and _is_for(before, by):
                    self._forget("removed", name, before)
                    count += 1
        return count

    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        renewed = set()
        with self._lock:
            for name in set(names) & self._ends_at.keys():
                entry = self.get(name)
                if entry is not None and entry.ttl_s is not None and _is_for(entry, by):
                    self._ends_at[name] = self._clock() + entry.ttl_s
                    renewed.add(name)
        return frozenset(renewed)

    def expire(self) -> list[str]:
        with self._lock:
            now = self._clock()
            ended = [name for name, ends_at in self._ends_at.items() if ends_at <= now]
            for name in ended:
                before = self.get(name)
                if before is not None:
                    self._forget("expired", name, before)
            return ended

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        with self._lock:
            now = self._clock()
            return {name: max(self._ends_at[name] - now, 0.0) for name in set(names) & self._ends_at.keys()}

    def snapshot(self) -> Snapshot:
        with self._lock:
            return Snapshot(self._journal.revision, self.find())

    def subscribe(self, after: int) -> Subscription:
        return JournalSubscription(self._journal, after)

    def close(self) -> None:
        self._journal.close()

    def _forget(self, kind: ChangeKind, name: str, before: Entry) -> None:
        self._erase(name, before)
        self._ends_at.pop(name, None)
        self._note(kind, name, None)

    def _note(self, kind: ChangeKind, name: str, entry: Entry | None) -> None:
        self._journal.extend([Change(self._journal.revision + 1, kind, name, entry)])


def _is_for(entry: Entry, by: str | None) -> bool:
    return entry.ttl_s is None or by is None or by == entry.owner
