from collections import deque
from types import SimpleNamespace
from typing import Any

from pyro_core.settings import Limits, Timeouts
from pyro_server.transports.connection import Connection
from pyro_server.transports.deadlines import DRAIN_S, Deadlines
from pyro_server.transports.poller import READABLE

TIMEOUTS = Timeouts(handshake_s=10, message_s=20, write_s=30, housekeeping_s=2)


def connection(**engine: Any) -> Connection:
    facts = {"awaiting_handshake": False, "mid_message": False, "closing": False, "busy": False, **engine}
    made = Connection(SimpleNamespace(fileno=lambda: 3), "peer", SimpleNamespace(**facts), 100.0, None)  # type: ignore[arg-type]
    made.mask = READABLE
    return made


def overdue(made: Connection, waited_s: float, timeouts: Timeouts = TIMEOUTS) -> list[str]:
    deadlines = Deadlines(timeouts, Limits(max_write_buffer_bytes=1000))
    deadlines.add(made)
    return [verdict for _, verdict in deadlines.overdue(100.0 + waited_s)]


def test_a_handshake_has_its_time() -> None:
    assert overdue(connection(awaiting_handshake=True), 10) == []
    assert overdue(connection(awaiting_handshake=True), 10.1) == ["no complete handshake within 10 s"]


def test_progress_does_not_extend_the_handshake() -> None:
    made = connection(awaiting_handshake=True, mid_message=True)
    made.progress_at = 110.0
    assert len(overdue(made, 10.1)) == 1


def test_a_message_must_make_progress() -> None:
    made = connection(mid_message=True)
    assert overdue(made, 20) == []
    assert len(overdue(made, 20.1)) == 1
    made.progress_at = 115.0
    assert overdue(made, 20.1) == []


def test_an_answer_must_be_taken_and_a_large_one_soon() -> None:
    made = connection()
    made.unsent = deque([memoryview(bytes(1000))])
    made.unsent_bytes = 1000
    assert overdue(made, 30) == []
    assert overdue(made, 30.1) == ["took nothing of 1000 bytes for 30 s"]
    made.unsent_bytes = 1001
    assert overdue(made, 2) == []
    assert len(overdue(made, 2.1)) == 1


def test_the_last_word_has_a_moment_to_arrive() -> None:
    made = connection(closing=True, awaiting_handshake=True)
    made.draining = True
    assert overdue(made, DRAIN_S) == []
    assert len(overdue(made, DRAIN_S + 0.1)) == 1


def test_idle_connections_are_closed_only_if_the_settings_say_so() -> None:
    assert overdue(connection(), 1e6) == []
    assert overdue(connection(), 5, Timeouts(idle_s=5)) == []
    assert overdue(connection(), 5.1, Timeouts(idle_s=5)) == ["idle for 5 s"]


def test_a_connection_that_a_worker_has_is_left_alone_and_remembered() -> None:
    made = connection(awaiting_handshake=True)
    made.mask = 0
    deadlines = Deadlines(TIMEOUTS, Limits())
    deadlines.add(made)
    assert list(deadlines.overdue(1000.0)) == []
    made.mask = READABLE
    assert len(list(deadlines.overdue(1000.0))) == 1


def test_connections_with_nothing_to_fear_are_forgotten() -> None:
    deadlines = Deadlines(TIMEOUTS, Limits())
    deadlines.add(connection())
    assert list(deadlines.overdue(100.0)) == []
    assert len(deadlines) == 0


def test_checks_are_made_often_enough_for_the_shortest_deadline() -> None:
    assert Deadlines(Timeouts(handshake_s=0.4), Limits()).tick_s <= 0.1
    assert Deadlines(Timeouts(housekeeping_s=0.05), Limits()).tick_s <= 0.05
    assert Deadlines(Timeouts(handshake_s=0.0), Limits()).tick_s > 0
