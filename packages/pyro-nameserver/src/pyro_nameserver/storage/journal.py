"""The last changes, kept in memory for those who wait for them."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition
from typing import Final

from pyro_core.errors import RevisionGone
from pyro_nameserver.storage.base import KEPT_CHANGES, Change, Subscription


class Journal:
    """Changes in the order of their revisions. Several threads may use it at once.

    Args:
        revision: The revision that the first change follows.
        keep: How many changes to keep.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self, revision: int, *, keep: int = KEPT_CHANGES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._changes: deque[Change] = deque()
        self._keep: Final = keep
        self._clock = clock
        self._start = revision  # what is known begins after it
        self._revision = revision
        self._more = Condition()
        self._closed = False

    @property
    def revision(self) -> int:
        """Revision of the last change."""
        return self._revision

    def extend(self, changes: Sequence[Change]) -> None:
        """Add changes: all of a revision, or of several, at once."""
        if not changes:
            return
        with self._more:
            known = self._changes
            known.extend(changes)
            self._revision = changes[-1].revision
            while len(known) > self._keep and known[0].revision < self._revision:
                self._start = known.popleft().revision
            self._more.notify_all()

    def restart(self, revision: int) -> None:
        """Forget everything: changes were missed, and what is known begins after another revision."""
        with self._more:
            self._changes.clear()
            self._start = self._revision = revision
            self._more.notify_all()

    def after(self, revision: int, timeout_s: float = 0.0) -> list[Change]:
        """The changes after a revision; waits for the first one.

        Args:
            revision: Of the last change that the caller knows; it may be one that is yet to come.
            timeout_s: How long to wait.

        Raises:
            RevisionGone: If some of them are forgotten.
        """
        until = self._clock() + timeout_s
        with self._more:
            while True:
                if revision < self._start:
                    raise RevisionGone(revision)
                left_s = until - self._clock()
                if revision < self._revision or self._closed or left_s <= 0:
                    break
                self._more.wait(left_s)
            found = []
            for change in reversed(self._changes):
                if change.revision <= revision:
                    break
                found.append(change)
            return found[::-1]

    def close(self) -> None:
        """Nobody needs to wait any more."""
        with self._more:
            self._closed = True
            self._more.notify_all()


class JournalSubscription(Subscription):
    """The changes of a journal.

    Args:
        journal: The journal.
        after: Revision of the last change that is known.

    Raises:
        RevisionGone: If the changes after it are not known.
    """

    def __init__(self, journal: Journal, after: int) -> None:
        self._journal = journal
        self._after = after
        if after > journal.revision:
            raise RevisionGone(after)
        journal.after(after)

    def changes(self, timeout_s: float) -> list[Change]:
        found = self._journal.after(self._after, timeout_s)
        if found:
            self._after = found[-1].revision
        return found

    def close(self) -> None:
        """Nothing to let go of."""
