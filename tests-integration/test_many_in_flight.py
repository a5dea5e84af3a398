"""Many calls in flight on one connection, which arrive together and are answered together."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import AsyncProxy, Proxy
from pyro_client.pipeline import MOST_UNDER_WAY
from pyro_core.context import current_call
from pyro_core.errors import CallCancelled, ConnectionClosedError
from pyro_core.settings import ClientSettings
from pyro_server import Daemon, expose

PATIENCE_S = 20.0
SETTINGS = ClientSettings(serializer="msgpack")


@expose
class Desk:
    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.seen: list[Any] = []

    def quick(self, value: Any) -> Any:
        self.seen.append(value)
        return value

    def slow(self, value: Any) -> Any:
        self.begun.release()
        assert self.gate.wait(PATIENCE_S)
        return value

    def look_around(self) -> str:
        self.begun.release()
        while not self.gate.wait(0.01):
            current_call().raise_if_cancelled()
        return "done"

    def fail(self, text: str) -> None:
        raise ValueError(text)

    def count(self, to: int) -> Iterator[int]:
        yield from range(to)


@pytest.fixture(params=["threaded", "asyncio"])
def desk(request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Any]]:
    desk = Desk()
    with Daemon(host="127.0.0.1", servertype=request.param) as daemon:
        uri = daemon.register(desk, "desk")
        daemon.start()
        yield desk, uri
        desk.gate.set()


@pytest.fixture
def proxy(desk: tuple[Desk, Any]) -> Iterator[Proxy]:
    with Proxy(desk[1], settings=SETTINGS) as proxy:
        assert proxy.quick(0) == 0  # what the shortest way needs is known from here on
        yield proxy


def test_futures_have_their_results_in_any_order(desk: tuple[Desk, Any], proxy: Proxy) -> None:
    first = proxy._pyro.futures.slow("slow")
    futures = [proxy._pyro.futures.quick(number) for number in range(500)]
    assert [future.result(PATIENCE_S) for future in futures] == list(range(500))
    assert proxy.quick("beside them") == "beside them"
    assert not first.done()
    desk[0].gate.set()
    assert first.result(PATIENCE_S) == "slow"


def test_futures_end_with_errors_and_streams_too(proxy: Proxy) -> None:
    futures = [proxy._pyro.futures.fail("why") for _ in range(5)]
    stream = proxy._pyro.futures.count(5)
    last = proxy._pyro.futures.quick(1)
    for future in futures:
        with pytest.raises(ValueError, match="why"):
            future.result(PATIENCE_S)
    assert list(stream.result(PATIENCE_S)) == list(range(5))
    assert last.result(PATIENCE_S) == 1


def test_a_callback_may_call_and_wait(proxy: Proxy) -> None:
    found: list[Any] = []
    called = threading.Event()

    def call(done: Any) -> None:
        found.extend([done.result(), proxy.quick(2), proxy._pyro.futures.quick(3).result(PATIENCE_S)])
        called.set()

    proxy._pyro.futures.quick(1).add_done_callback(call)
    assert called.wait(PATIENCE_S)
    assert found == [1, 2, 3]


def test_calls_that_wait_for_others_can_be_cancelled_and_delayed(
    desk: tuple[Desk, Any], proxy: Proxy
) -> None:
    held = [proxy._pyro.futures.slow(number) for number in range(MOST_UNDER_WAY)]
    for _ in held:
        assert desk[0].begun.acquire(timeout=PATIENCE_S)
    cancelled, delayed, usual = (
        proxy._pyro.futures.quick(name) for name in ("cancelled", "delayed", "usual")
    )
    assert cancelled.cancel()
    assert delayed.delay(0.01)
    desk[0].gate.set()
    assert [future.result(PATIENCE_S) for future in (delayed, usual, *held)] == [
        "delayed",
        "usual",
        *range(MOST_UNDER_WAY),
    ]
    assert "cancelled" not in desk[0].seen


def test_a_call_under_way_is_taken_back(desk: tuple[Desk, Any], proxy: Proxy) -> None:
    futures = [proxy._pyro.futures.look_around() for _ in range(2)]
    for _ in futures:
        assert desk[0].begun.acquire(timeout=PATIENCE_S)
    assert futures[0].cancel()
    with pytest.raises(CallCancelled):
        futures[0].result(PATIENCE_S)
    desk[0].gate.set()
    assert futures[1].result(PATIENCE_S) == "done"


def test_calls_under_way_are_lost_with_their_connection_and_others_are_made_on_a_new_one(
    desk: tuple[Desk, Any], proxy: Proxy
) -> None:
    held = [proxy._pyro.futures.slow(number) for number in range(MOST_UNDER_WAY)]
    for _ in held:
        assert desk[0].begun.acquire(timeout=PATIENCE_S)
    waiting = [proxy._pyro.futures.quick(number) for number in range(3)]
    proxy._pyro.release()
    for future in held:
        with pytest.raises(ConnectionClosedError):
            future.result(PATIENCE_S)
    assert [future.result(PATIENCE_S) for future in waiting] == [0, 1, 2]
    assert proxy._pyro.futures.quick(4).result(PATIENCE_S) == 4


def test_a_slow_call_among_quick_ones_that_arrive_with_it_holds_up_none(desk: tuple[Desk, Any]) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE_S), AsyncProxy(desk[1], settings=SETTINGS) as proxy:
            for _ in range(3):  # the server knows by then that calls of this connection may be slow, or not
                desk[0].gate.clear()
                assert await proxy.quick(0) == 0
                calls = [proxy.quick(1), proxy.quick(2), proxy.slow(3), proxy.quick(4), proxy.quick(5)]
                tasks = [asyncio.ensure_future(call) for call in calls]
                slow = tasks.pop(2)
                assert await asyncio.gather(*tasks) == [1, 2, 4, 5]
                assert not slow.done()
                desk[0].gate.set()
                assert await slow == 3

    asyncio.run(scenario())
