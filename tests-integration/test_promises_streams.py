"""C10: item streams are pushed, bound to their session, and limited."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core.errors import PyroError
from pyro_core.names import DAEMON_ID
from pyro_core.settings import Limits, ServerSettings
from pyro_core.streams import MOST_IN_MESSAGE, WINDOW_ITEMS
from pyro_server import Daemon, expose

PATIENCE_S = 5.0
ALL = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])


@expose
class Source:
    def __init__(self) -> None:
        self.made = 0
        self.closed = threading.Event()

    def numbers(self, to: int) -> Iterator[int]:
        self.given = self._numbers(to)  # kept, so that it ends only if it is closed
        return self.given

    def _numbers(self, to: int) -> Iterator[int]:
        try:
            for number in range(to):
                self.made += 1
                yield number
        finally:
            self.closed.set()

    def failing(self) -> Iterator[int]:
        yield from range(10)
        raise ValueError("in the middle")


def serving(servertype: str, **changes: Any) -> tuple[Daemon, Source, Any]:
    source = Source()
    daemon = Daemon(ServerSettings(servertype=servertype, **changes))
    return daemon, source, daemon.register(source)


@ALL
def test_c10_items_are_pushed_and_a_slow_taker_holds_the_maker(servertype: str) -> None:
    daemon, source, uri = serving(servertype)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        items = proxy.numbers(100_000)
        assert [next(items) for _ in range(10)] == list(range(10))
        proxy._pyro.ping()
        assert source.made <= 10 + WINDOW_ITEMS + MOST_IN_MESSAGE
        assert sum(1 for _ in items) == 100_000 - 10
        assert source.closed.wait(PATIENCE_S)


@ALL
def test_c10_after_a_lost_connection_a_stream_goes_on_without_loss_or_repetition(servertype: str) -> None:
    daemon, _, uri = serving(servertype)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        window = WINDOW_ITEMS + 2 * MOST_IN_MESSAGE
        taken, broken = [], []
        for number in proxy.numbers(4 * window):
            taken.append(number)
            if number in (
                0,
                window,
                2 * window,
                3 * window,
            ):  # each time, all that came before the loss is used up
                connection = proxy._pyro.connection
                assert connection is not None
                connection.link.sock.shutdown(socket.SHUT_RDWR)
                broken.append(connection)
        assert taken == list(range(4 * window))
        assert len(set(map(id, broken))) == 4


@ALL
def test_c10_nobody_else_takes_from_a_stream_while_its_owner_lives(servertype: str) -> None:
    daemon, _, uri = serving(servertype)
    with daemon, Proxy(uri) as owner, Proxy(uri) as other:
        daemon.start()
        other._pyro.bind()
        owner._pyro._profile.extras = False  # pulls item by item, as stock clients do
        items = owner.numbers(3)
        assert next(items) == 0
        with pytest.raises(PyroError, match="terminated"):
            other._pyro.invoke("get_next_stream_item", (items.stream_id,), object_id=DAEMON_ID)
        assert list(items) == [1, 2]


@ALL
def test_c10_closing_early_closes_the_generator(servertype: str) -> None:
    daemon, source, uri = serving(servertype)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        with proxy.numbers(10**9) as items:
            assert next(items) == 0
        assert source.closed.wait(PATIENCE_S)
        assert not source.made > WINDOW_ITEMS + 2 * MOST_IN_MESSAGE


@ALL
def test_c10_streams_have_a_number_and_do_not_survive_without_linger(servertype: str) -> None:
    daemon, source, uri = serving(servertype, limits=Limits(max_streams=1), stream_linger_s=0.0)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        items = proxy.numbers(10**9)
        assert next(items) == 0
        with pytest.raises(PyroError, match="max_streams"):
            proxy.numbers(1)
        proxy._pyro.release()
        assert source.closed.wait(PATIENCE_S)
        with pytest.raises(PyroError, match="terminated"):
            for _ in items:
                pass
        assert list(proxy.numbers(3)) == [0, 1, 2]


@ALL
def test_c10_an_error_in_the_middle_comes_after_the_items_before_it(servertype: str) -> None:
    daemon, _, uri = serving(servertype)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        items = proxy.failing()
        assert [next(items) for _ in range(10)] == list(range(10))
        with pytest.raises(ValueError, match="in the middle"):
            next(items)
        assert list(items) == []
