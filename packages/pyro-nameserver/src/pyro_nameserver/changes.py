"""Passes the changes of a storage on to those who watch it.

What a watcher gets is a stream of dicts with ``kind`` and ``revision``:

* ``reset``: forget all names that you know; those that there are follow, each as ``added``.
* ``added``, ``changed``: ``name`` has ``uri``, ``tags`` and ``ttl`` (seconds of its lease, or None) now.
* ``removed``, ``expired``: ``name`` is gone; it was removed, or its lease ended.
* ``current``: you know everything up to ``revision``. Comes after a ``reset`` and its names, first of all to
  those who begin with the next change, and about every ``HEARTBEAT_S`` when nothing happens.

Whoever watches again from the ``revision`` of the last dict that arrived misses nothing, at any name server
in front of the same storage; some changes may come twice. If the changes since then are forgotten, a
``reset`` comes first.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Any, Final, Self

from pyro_core.errors import NamingError, RevisionGone
from pyro_nameserver.storage.base import Change, ChangeKind, Entry, Storage, Subscription
from pyro_nameserver.storage.journal import Journal

HEARTBEAT_S: Final = 15.0
"""Seconds without a change after which watchers are told that nothing happened."""
_LOOK_S: Final = 1.0
"""How often it is looked who is to be told so."""
_RETRY_S: Final = 1.0
"""Time between two attempts to reach a storage that is unavailable."""
_BREATH_S: Final = 0.01
"""Pause when there was no change."""
_POLL_S: Final = 10.0
"""How long a watcher that asks for each item waits for one."""
_WAITING_MOST: Final = 16
"""How many of those may wait at the same time, as each takes a thread; others are told at once."""

Item = dict[str, Any]

_log = logging.getLogger("pyro_nameserver.changes")


class ChangeFeed:
    """The changes of a storage for any number of watchers; takes one thread, while somebody has watched.

    Args:
        storage: The names.
        may_wait: False if watchers that ask for each item must not wait for one, as others would wait too.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self, storage: Storage, *, may_wait: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.storage = storage
        self.clock = clock
        self.waiting = BoundedSemaphore(_WAITING_MOST)
        self.poll_s = _POLL_S if may_wait else 0.0
        self._lock = Lock()
        self._watchers: set[Watcher] = set()
        self._stop = Event()
        self._journal: Journal | None = None
        self._thread: Thread | None = None

    def watch(self, from_revision: int | None = None, prefix: str = "") -> "Watcher":
        """Begin to watch.

        Args:
            from_revision: The last one that the watcher knows; None to begin with what happens next, 0 for
                all names first.
            prefix: Only names that begin with this.

        Raises:
            NamingError: If the storage is unavailable.
        """
        journal = self._started()
        watcher = Watcher(self, journal, prefix)
        watcher.begin(from_revision)
        with self._lock:
            self._watchers.add(watcher)
        return watcher

    def forget(self, watcher: "Watcher") -> None:
        """Somebody watches no longer."""
        with self._lock:
            self._watchers.discard(watcher)

    def __len__(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def stop(self) -> None:
        """Take no more changes; to be called before the storage is closed, which wakes the thread."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the thread to end, after the storage was closed."""
        if self._journal is not None:
            self._journal.close()
        if self._thread is not None:
            self._thread.join()

    def _started(self) -> Journal:
        with self._lock:
            if self._journal is None:
                revision = self.storage.snapshot().revision
                subscription = self.storage.subscribe(revision)
                self._journal = Journal(revision)
                self._thread = Thread(
                    target=self._run, args=(self._journal, subscription), name="pyro-ns-changes", daemon=True
                )
                self._thread.start()
            return self._journal

    def _run(self, journal: Journal, subscription: Subscription) -> None:
        while not self._stop.is_set():
            try:
                found = subscription.changes(_LOOK_S)
                journal.extend(found)
                if not found:  # at once, if somebody has closed the storage
                    self._stop.wait(_BREATH_S)
            except RevisionGone:
                subscription = self._begin_again(journal, subscription)
            except NamingError as problem:
                if not self._stop.is_set():
                    _log.warning("cannot take changes, and try again in %s s: %s", _RETRY_S, problem)
                    self._stop.wait(_RETRY_S)
            with self._lock:
                watchers = list(self._watchers)
            for watcher in watchers:
                watcher.look()
        subscription.close()

    def _begin_again(self, journal: Journal, subscription: Subscription) -> Subscription:
        """Changes were missed: watchers are to read all names again."""
        try:
            revision = self.storage.snapshot().revision
            following = self.storage.subscribe(revision)
        except NamingError as problem:
            _log.warning("cannot take changes, and try again in %s s: %s", _RETRY_S, problem)
            self._stop.wait(_RETRY_S)
            return subscription  # which says again that they were missed
        subscription.close()
        journal.restart(revision)
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.lose()
        return following


class Watcher:
    """An iterator over what one watcher is told; see the module. It never ends by itself.

    Args:
        feed: Where the changes come from.
        journal: That of the feed.
        prefix: Only names that begin with this.
    """

    def __init__(self, feed: ChangeFeed, journal: Journal, prefix: str) -> None:
        self._feed = feed
        self._journal = journal
        self._prefix = prefix
        self._revision = 0
        self._items: deque[Item] = deque()
        self._lock = Lock()
        self._wake: Callable[[], None] | None = None
        self._told_at = feed.clock()
        self._closed = False

    def begin(self, from_revision: int | None) -> None:
        """Find out where to begin."""
        if from_revision is None:
            self._revision = self._journal.revision
            self._items.append(_current(self._revision))
            return
        self._revision = from_revision
        try:
            if from_revision <= self._journal.revision:
                self._add(self._journal.after(from_revision))
                return
        except RevisionGone:
            pass  # the storage may know more
        try:
            with self._feed.storage.subscribe(from_revision) as past:
                self._add(past.changes(0.0))
        except RevisionGone:
            self._reset()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Item:
        """The next item, for those who ask for each: after some time without any, one of kind ``current``."""
        with self._lock:
            if self._closed:
                raise StopIteration
            if self._fill():
                return self._take()
        if self._feed.poll_s and self._feed.waiting.acquire(blocking=False):
            try:
                self._wait(self._feed.poll_s)
            finally:
                self._feed.waiting.release()
        with self._lock:
            if not self._fill():
                self._items.append(_current(self._revision))
            return self._take()

    def when_ready(self, wake: Callable[[], None]) -> bool:
        """Whether there is an item now; if not, ``wake`` is called when there may be one."""
        with self._lock:
            try:
                if self._fill():
                    return True
            except NamingError:
                return True  # who takes the item gets the error, if it is still one
            self._wake = wake
        # A change that came just now may have found nobody to wake.
        return self._journal.revision > self._revision and self.when_ready(wake)

    def take_many(self, most: int, keep: Callable[[Item], object]) -> None:
        """Call ``keep`` with the items that are there, but not more than ``most`` times."""
        with self._lock:
            self._fill()
            taken = [self._take() for _ in range(min(most, len(self._items)))]
        for item in taken:
            keep(item)

    def look(self) -> None:
        """There may be something to tell, or it is time to say that there is not."""
        idle = self._feed.clock() - self._told_at >= HEARTBEAT_S
        if not idle and self._journal.revision <= self._revision:
            return
        with self._lock:
            wake, self._wake = self._wake, None
            if idle and wake is not None and not self._items:
                self._items.append(_current(self._revision))
        if wake is not None:
            wake()

    def lose(self) -> None:
        """Changes were missed: all names are to be told anew."""
        with self._lock:
            self._revision = -1

    def close(self) -> None:
        """Watch no longer. May be called more than once."""
        self._closed = True
        self._feed.forget(self)

    def _wait(self, timeout_s: float) -> None:
        """Until there is a change, perhaps not one for this watcher."""
        try:
            self._journal.after(max(self._revision, self._journal.revision), timeout_s)
        except RevisionGone:
            return  # which is something to tell

    def _fill(self) -> bool:
        """Make items of what happened, if none are left; tells whether there are any."""
        if not self._items:
            try:
                self._add(self._journal.after(self._revision))
            except RevisionGone:
                self._reset()
        return bool(self._items)

    def _take(self) -> Item:
        self._told_at = self._feed.clock()
        return self._items.popleft()

    def _reset(self) -> None:
        """Tell all names anew. The revision counts only when all were told."""
        snapshot = self._feed.storage.snapshot()
        self._items.append({"kind": "reset", "revision": 0})
        for name, entry in sorted(snapshot.entries.items()):
            if name.startswith(self._prefix):
                self._items.append(_item("added", 0, name, entry))
        self._items.append(_current(snapshot.revision))
        self._revision = snapshot.revision

    def _add(self, changes: Sequence[Change]) -> None:
        """Changes of one step have one revision, which counts only when all of them were told."""
        for position, change in enumerate(changes):
            is_last = position + 1 == len(changes) or changes[position + 1].revision != change.revision
            if change.name.startswith(self._prefix):
                revision = change.revision if is_last else self._revision
                self._items.append(_item(change.kind, revision, change.name, change.entry))
            if is_last:
                self._revision = change.revision


def _current(revision: int) -> Item:
    return {"kind": "current", "revision": revision}


def _item(kind: ChangeKind, revision: int, name: str, entry: Entry | None) -> Item:
    item: Item = {"kind": kind, "revision": revision, "name": name}
    if entry is not None:
        item.update(uri=entry.uri, tags=sorted(entry.tags), ttl=entry.ttl_s)
    return item
