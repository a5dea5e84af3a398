"""Steps of plans on blocking sockets, with a clock of the test's own where time matters."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client.run_sync import SyncLink, SyncRunner, _bound_for
from pyro_core import plans
from pyro_core.errors import CommunicationError, ConnectionClosedError, TimeoutError
from pyro_core.plans import Plan
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI


@pytest.fixture
def pair() -> Iterator[tuple[SyncLink, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield SyncLink(ours, "peer"), theirs


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runner(clock: Clock) -> SyncRunner:
    return SyncRunner(
        ClientSettings(),
        clock=clock,
        sleep=clock.sleep,
        discover=lambda step: (repr((step.addresses, step.port, step.wait_s)), ()),
    )


def one(step: plans.Step) -> Plan[Any]:
    return (yield step)


def test_bytes_are_sent_and_received(pair: tuple[SyncLink, socket.socket]) -> None:
    link, peer = pair
    link.send(b"question", None)
    assert peer.recv(100) == b"question"
    peer.sendall(b"answer")
    assert link.receive(None) == b"answer"
    peer.close()
    assert link.receive(None) == b""


def test_a_passed_deadline_is_noticed_before_anything_is_sent(runner: SyncRunner, clock: Clock) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = SyncLink(ours, "peer", clock)
        with pytest.raises(TimeoutError) as caught:
            link.send(b"x", clock.now)
        assert caught.value.retry_safe
        with pytest.raises(TimeoutError) as caught:
            link.receive(clock.now)
        assert not caught.value.retry_safe
        assert caught.value.peer == "peer"


def test_sending_to_a_peer_that_is_gone_is_safe_to_retry(pair: tuple[SyncLink, socket.socket]) -> None:
    link, peer = pair
    peer.close()
    with pytest.raises(ConnectionClosedError, match=r"connection to peer lost: .*nothing was sent") as caught:
        link.send(b"x", None)
    assert caught.value.retry_safe


def test_a_closed_peer_is_seen_without_waiting(pair: tuple[SyncLink, socket.socket]) -> None:
    link, peer = pair
    assert not link.is_closed()
    peer.sendall(b"x")
    assert not link.is_closed()
    assert link.receive(None) == b"x"
    peer.close()
    assert link.is_closed()
    assert link.sock.getblocking()


def test_a_socket_of_somebody_else_is_not_closed(pair: tuple[SyncLink, socket.socket]) -> None:
    link, _ = pair
    link.owned = False
    link.close()
    assert link.sock.fileno() >= 0


@pytest.mark.parametrize(
    ("left_s", "bound_s", "expected"),
    [
        pytest.param(None, None, None, id="no deadline, no bound"),
        pytest.param(None, 5.0, None, id="no deadline: the bound goes"),
        pytest.param(10.0, None, 9.0, id="a first bound is a little early"),
        pytest.param(9.99, 9.0, 9.0, id="a fitting bound is kept"),
        pytest.param(8.0, 9.0, 7.2, id="a bound after the deadline is replaced"),
        pytest.param(10.0, 0.1, 9.0, id="a far too early one as well, or we would spin"),
        pytest.param(0.0001, None, 0.001, id="zero would be for ever"),
    ],
)
def test_kernel_timeouts_are_changed_only_when_they_do_not_fit(
    left_s: float | None, bound_s: float | None, expected: float | None
) -> None:
    assert _bound_for(left_s, bound_s) == expected


def test_sleeping_takes_the_runners_sleep(runner: SyncRunner, clock: Clock) -> None:
    runner.run(one(plans.Sleep(3)))
    assert clock.slept == [3]


def test_sleeping_is_cut_short_at_the_deadline(runner: SyncRunner, clock: Clock) -> None:
    with pytest.raises(TimeoutError) as caught:
        runner.run(one(plans.Sleep(3)), clock.now + 1)
    assert clock.slept == [1]
    assert caught.value.retry_safe


def test_discovery_waits_no_longer_than_the_deadline(runner: SyncRunner, clock: Clock) -> None:
    step = plans.Discover(("a",), 9, 5.0)
    assert runner.run(one(step)) == ("(('a',), 9, 5.0)", ())
    assert runner.run(one(step), clock.now + 2) == ("(('a',), 9, 2.0)", ())


def test_opening_after_the_deadline_is_not_tried(runner: SyncRunner, clock: Clock) -> None:
    with pytest.raises(TimeoutError, match="before connecting to host:1"):
        runner.run(one(plans.Open(URI("PYRO:thing@host:1"))), clock.now)


def test_opening_a_dead_port_is_an_error_that_is_safe_to_retry(runner: SyncRunner, free_port: int) -> None:
    with pytest.raises(CommunicationError) as caught:
        runner.run(one(plans.Open(URI(f"PYRO:thing@127.0.0.1:{free_port}"))))
    assert caught.value.retry_safe


def test_a_failing_step_is_raised_inside_the_plan(runner: SyncRunner, clock: Clock) -> None:
    def plan() -> Plan[str]:
        try:
            yield plans.Open(URI("PYRO:thing@host:1"))
        except TimeoutError:
            return "handled"
        return "not reached"

    assert runner.run(plan(), clock.now) == "handled"
