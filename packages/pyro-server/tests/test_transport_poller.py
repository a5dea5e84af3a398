import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from pyro_server.transports.poller import (
    READABLE,
    WRITABLE,
    EpollPoller,
    Poller,
    SelectorPoller,
    Wakeup,
    new_poller,
)

PATIENCE_S = 20.0
KINDS = [
    pytest.param(
        EpollPoller, marks=pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
    ),
    SelectorPoller,
]


@pytest.fixture(params=KINDS)
def poller(request: pytest.FixtureRequest) -> Iterator[Poller]:
    make: Callable[[], Poller] = request.param
    made = make()
    yield made
    made.close()
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def test_tells_what_is_ready_until_it_is_dealt_with(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    fd = near.fileno()
    poller.add(fd, READABLE)
    assert poller.wait(0.0) == []
    far.send(b"x")
    assert poller.wait(PATIENCE_S) == [(fd, READABLE)]
    assert poller.wait(PATIENCE_S) == [(fd, READABLE)]
    poller.change(fd, WRITABLE)
    assert poller.wait(PATIENCE_S) == [(fd, WRITABLE)]
    poller.remove(fd)
    assert poller.wait(0.0) == []


def test_a_peer_that_went_away_counts_as_ready(poller: Poller) -> None:
    near, far = socket.socketpair()
    poller.add(near.fileno(), READABLE)
    far.close()
    assert [fd for fd, _ in poller.wait(PATIENCE_S)] == [near.fileno()]
    poller.remove(near.fileno())
    near.close()


def test_the_poller_itself_can_be_watched(poller: Poller, pair: tuple[socket.socket, socket.socket]) -> None:
    poller.add(pair[0].fileno(), READABLE)
    assert select.select([poller], [], [], 0)[0] == []
    pair[1].send(b"x")
    assert select.select([poller], [], [], PATIENCE_S)[0] == [poller]


def test_a_wakeup_ends_a_wait_from_another_thread() -> None:
    poller, wakeup = new_poller(), Wakeup()
    poller.add(wakeup.fd, READABLE)
    thread = threading.Thread(target=wakeup.wake)
    thread.start()
    assert poller.wait(PATIENCE_S) == [(wakeup.fd, READABLE)]
    thread.join()
    wakeup.clear()
    assert poller.wait(0.0) == []
    wakeup.clear()
    for _ in range(100_000):  # more than fit
        wakeup.wake()
    poller.close()
    wakeup.close()
    wakeup.wake()
