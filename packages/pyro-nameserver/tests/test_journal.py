"""The last changes, kept in memory."""

from threading import Thread

import pytest

from pyro_core.errors import RevisionGone
from pyro_nameserver.storage.base import Change
from pyro_nameserver.storage.journal import Journal, JournalSubscription


def change(revision: int, name: str = "n") -> Change:
    return Change(revision, "removed", name, None)


def test_changes_come_in_order_and_once() -> None:
    journal = Journal(10)
    subscription = JournalSubscription(journal, 10)
    journal.extend([change(11)])
    journal.extend([change(12), change(14)])
    journal.extend([])
    assert subscription.changes(0.0) == [change(11), change(12), change(14)]
    assert subscription.changes(0.0) == []
    assert journal.after(12) == [change(14)]
    assert journal.revision == 14


def test_forgotten_changes_are_said_to_be() -> None:
    journal = Journal(10, keep=2)
    slow = JournalSubscription(journal, 10)
    journal.extend([change(11), change(12), change(13)])
    assert journal.after(11) == [change(12), change(13)]
    with pytest.raises(RevisionGone, match="since revision 10 "):
        slow.changes(0.0)


def test_the_changes_of_the_last_step_are_kept_however_many() -> None:
    journal = Journal(10, keep=2)
    journal.extend([change(11)])
    journal.extend([change(12, "a"), change(12, "b"), change(12, "c")])
    assert len(journal.after(11)) == 3


def test_a_later_revision_is_waited_for() -> None:
    journal = Journal(10)
    journal.extend([change(11)])
    assert journal.after(12) == []
    journal.extend([change(12), change(13)])
    assert journal.after(12) == [change(13)]


def test_who_missed_changes_is_told() -> None:
    journal = Journal(10)
    journal.restart(20)
    assert journal.after(20) == []
    with pytest.raises(RevisionGone):
        journal.after(10)


@pytest.mark.parametrize("how", ["extend", "close"])
def test_who_waits_is_woken(how: str) -> None:
    journal = Journal(10)
    found: list[list[Change]] = []
    waiting = Thread(target=lambda: found.append(journal.after(10, 30.0)))
    waiting.start()
    if how == "close":
        journal.close()
    else:
        journal.extend([change(11)])
    waiting.join(10.0)
    assert found == ([[]] if how == "close" else [[change(11)]])
