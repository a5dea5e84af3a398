import gc
import logging
import select
import socket

import pytest

from pyro_server.connection import Connection


class Resource:
    def __init__(self, problem: Exception | None = None) -> None:
        self.closed = 0
        self.problem = problem

    def close(self) -> None:
        self.closed += 1
        if self.problem is not None:
            raise self.problem


def test_tracked_resources_are_closed_once_and_not_kept_alive() -> None:
    connection, kept, untracked, dropped = Connection("somebody", None), Resource(), Resource(), Resource()
    for resource in (kept, untracked, dropped):
        connection.track_resource(resource)
    connection.untrack_resource(untracked)
    del resource, dropped
    gc.collect()
    connection.release()
    connection.release()
    assert (kept.closed, untracked.closed) == (1, 0)


def test_what_is_tracked_after_the_end_is_closed_at_once() -> None:
    connection, late = Connection("somebody", None), Resource()
    connection.release()
    connection.track_resource(late)
    assert late.closed == 1


def test_a_closing_that_fails_keeps_no_other_from_being_closed(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection("somebody", None)
    resources = [Resource(OSError("no")), Resource(OSError("no")), Resource()]
    for resource in resources:
        connection.track_resource(resource)
    with caplog.at_level(logging.WARNING):
        connection.release()
    assert [resource.closed for resource in resources] == [1, 1, 1]
    assert "closing" in caplog.text


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="this system does not tell")
def test_a_closed_connection_is_gone_although_nobody_has_read_what_it_said_last() -> None:
    here, there = socket.socketpair()
    with here:
        connection = Connection("peer", here)
        with there:
            there.send(b"my last words")
            assert not connection.is_gone
        assert connection.is_gone
