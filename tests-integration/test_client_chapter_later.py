"""Calls sent together, and results wanted later. See ``docs/reference/client-chapter.md``."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from chapter_daemons import PATIENCE_S, serving

from pyro_client import AsyncProxy, Future, Proxy, Task, batch
from pyro_core.context import current_call
from pyro_core.errors import CallCancelled
from pyro_server import expose


@expose
class Shop:
    """Does what it is told, at its own pace."""

    def __init__(self) -> None:
        self.sold: list[str] = []
        self.open = threading.Event()
        self.asked = threading.Event()

    def sell(self, name: str) -> int:
        if not name:
            raise LookupError("there is no such thing")
        self.sold.append(name)
        return len(self.sold)

    def sell_when_open(self, name: str) -> int:
        self.asked.set()
        assert self.open.wait(PATIENCE_S)
        return self.sell(name)

    def keep_looking(self) -> None:
        """A method that does not mind being stopped."""
        call = current_call()
        self.asked.set()
        while not self.open.wait(0.01):
            call.raise_if_cancelled()

    async def wait_for_ever(self) -> None:
        self.asked.set()
        await asyncio.Event().wait()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture(params=["threaded", "asyncio"])
def proxy(shop: Shop, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with serving(shop, "shop", servertype=request.param) as uri, Proxy(uri) as proxy:
        yield proxy
        shop.open.set()


def test_calls_are_gathered_and_their_results_come_in_order(proxy: Proxy, shop: Shop) -> None:
    gathered = batch(proxy)
    for name in ("tea", "cup", "pot"):
        gathered.sell(name)
    assert shop.sold == []
    assert list(gathered()) == [1, 2, 3]
    assert list(gathered()) == []


def test_the_first_failure_comes_at_its_place_and_ends_the_batch(proxy: Proxy, shop: Shop) -> None:
    gathered = proxy._pyro.batch()
    for name in ("tea", "", "pot"):
        gathered.sell(name)
    results = gathered()
    assert next(results) == 1
    with pytest.raises(LookupError, match="no such thing"):
        next(results)
    assert shop.sold == ["tea"]


def test_a_oneway_batch_gives_none_at_once(proxy: Proxy, shop: Shop) -> None:
    gathered = batch(proxy)
    gathered.sell_when_open("tea")
    assert gathered(oneway=True) is None
    assert shop.asked.wait(PATIENCE_S)
    assert shop.sold == []


def test_a_batch_can_be_waited_for_later(proxy: Proxy, shop: Shop) -> None:
    gathered = batch(proxy)
    gathered.sell_when_open("tea")
    gathered.sell("cup")
    later = gathered.submit()
    assert not later.done()
    shop.open.set()
    assert list(later.result(PATIENCE_S)) == [1, 2]


def test_a_call_can_be_waited_for_later(proxy: Proxy, shop: Shop) -> None:
    later = proxy._pyro.submit("sell_when_open", "tea")
    assert isinstance(later, Future)
    assert shop.asked.wait(PATIENCE_S)
    assert not later.done()
    with pytest.raises(TimeoutError):
        later.result(0.01)
    shop.open.set()
    assert later.result(PATIENCE_S) == 1
    assert later.done()
    assert proxy._pyro.futures.sell("cup").result(PATIENCE_S) == 2


def test_functions_are_called_with_the_result_one_after_the_other(proxy: Proxy) -> None:
    def add(value: int, number: int, *, factor: int = 1) -> int:
        return (value + number) * factor

    chain = proxy._pyro.submit("sell", "tea").then(add, 2).then(add, 1, factor=10)
    assert chain.result(PATIENCE_S) == 40


def test_a_handler_gets_the_error_and_nobody_else_does(proxy: Proxy) -> None:
    handled: list[BaseException] = []
    seen = threading.Event()
    called: list[Any] = []
    chain = proxy._pyro.submit("sell", "").then(called.append)
    chain.iferror(lambda error: (handled.append(error), seen.set()))
    assert seen.wait(PATIENCE_S)
    assert [type(error) for error in handled] == [LookupError]
    assert called == []
    with pytest.raises(LookupError, match="no such thing"):
        chain.result(PATIENCE_S)


def test_any_function_can_be_called_like_this() -> None:
    assert Task(pow)(2, 5).result(PATIENCE_S) == 32
    assert Task(pow).then(str).then(len)(10, 3).result(PATIENCE_S) == 4
    later = Task(print)
    assert later.delay(PATIENCE_S)
    result = later("this is not to be seen")
    assert later.cancel()
    assert result.cancelled()


@pytest.mark.parametrize("method", ["keep_looking", "wait_for_ever"])
def test_a_call_that_is_under_way_can_be_taken_back(proxy: Proxy, shop: Shop, method: str) -> None:
    later = proxy._pyro.submit(method)
    assert shop.asked.wait(PATIENCE_S)
    assert later.cancel()
    assert isinstance(later.exception(PATIENCE_S), CallCancelled)
    assert not later.cancel()
    assert proxy.sell("tea") == 1


def test_the_same_with_asyncio(shop: Shop) -> None:
    async def story(uri: Any) -> None:
        async with AsyncProxy(uri) as proxy:
            async with batch(proxy) as gathered:
                gathered.sell("tea")
                gathered.sell("cup")
            assert list(gathered.results or ()) == [1, 2]
            later = asyncio.create_task(proxy.wait_for_ever())  # type: ignore[arg-type]
            assert await asyncio.to_thread(shop.asked.wait, PATIENCE_S)
            later.cancel()
            with pytest.raises(asyncio.CancelledError):
                await later
            assert await proxy.sell("pot") == 3

    with serving(shop, "shop", servertype="asyncio") as uri:
        asyncio.run(asyncio.wait_for(story(uri), PATIENCE_S))
