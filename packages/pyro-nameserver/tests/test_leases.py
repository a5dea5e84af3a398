"""Forgetting names whose leases have ended."""

import logging

import pytest

from pyro_core.errors import NamingError
from pyro_core.testing.clock import FakeClock
from pyro_nameserver.leases import LeaseKeeper
from pyro_nameserver.storage.memory import MemoryStorage

URI = "PYRO:o@h:1"


class Unsteady(MemoryStorage):
    available = True

    def expire(self) -> list[str]:
        if not self.available:
            raise NamingError("the disk is on fire")
        return super().expire()


def test_ended_leases_are_found() -> None:
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    storage.put("leased", URI, ttl_s=5.0, owner="me")
    storage.put("permanent", URI)
    keeper = LeaseKeeper(storage)
    assert keeper.look() == []
    clock.advance(5.0)
    assert keeper.look() == ["leased"]
    assert set(storage.find()) == {"permanent"}


def test_an_outage_is_logged_once_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    storage = Unsteady(clock=clock)
    storage.put("leased", URI, ttl_s=5.0, owner="me")
    clock.advance(5.0)
    keeper = LeaseKeeper(storage, every_s=0.25)
    storage.available = False
    with caplog.at_level(logging.INFO):
        assert [keeper.look(), keeper.look()] == [[], []]
        storage.available = True
        assert keeper.look() == ["leased"]
    assert [record.getMessage() for record in caplog.records] == [
        "cannot look for ended leases, and try again every 0.25 s: the disk is on fire",
        "looking for ended leases works again",
        "forgot names whose leases ended: leased",
    ]


def test_the_thread_looks_until_it_is_closed() -> None:
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    with storage.subscribe(storage.snapshot().revision) as changes:
        storage.put("leased", URI, ttl_s=5.0, owner="me")
        with LeaseKeeper(storage, every_s=0.01) as keeper:
            keeper.start()
            assert [change.kind for change in changes.changes(10.0)] == ["added"]
            clock.advance(5.0)
            assert [change.kind for change in changes.changes(10.0)] == ["expired"]
        keeper.close()
        storage.put("leased", URI, ttl_s=5.0, owner="me")
        clock.advance(5.0)
        changes.changes(1.0)
        assert changes.changes(0.05) == []


def test_a_loop_may_look_as_often_as_it_likes() -> None:
    clock = FakeClock()
    storage = MemoryStorage(clock=clock)
    storage.put("leased", URI, ttl_s=5.0, owner="me")
    keeper = LeaseKeeper(storage, every_s=0.5, clock=clock)
    clock.advance(4.9)
    keeper.look_if_due()
    clock.advance(0.1)
    keeper.look_if_due()
    assert storage.count() == 1, "it has just looked"
    clock.advance(0.4)
    keeper.look_if_due()
    assert storage.count() == 0
