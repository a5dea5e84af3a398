"""What an asyncio proxy has beside calls: attributes, operators, copies, and being looked at."""

import asyncio
import copy
import inspect
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pyro_client import AsyncProxy
from pyro_core.settings import ClientSettings

Story = Callable[[Callable[[AsyncProxy], Awaitable[None]]], None]


@pytest.fixture
def tell(server: Any, settings: ClientSettings) -> Story:
    """Runs a coroutine function with a proxy, in an event loop of its own."""

    def run(story: Callable[[AsyncProxy], Awaitable[None]]) -> None:
        async def main() -> None:
            async with AsyncProxy(server.uri, settings=settings) as proxy:
                await story(proxy)

        asyncio.run(main())

    return run


def test_attributes_are_awaited(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        assert await proxy.x == "value of x"  # finds out what it is
        assert await proxy.x == "value of x"
        attribute = proxy.x
        assert (await attribute, await attribute) == ("value of x", "value of x")
        with pytest.raises(AttributeError, match="no exposed attribute or method 'x'"):
            await proxy.x()
        await proxy._pyro.set("x", 5)

    tell(story)
    assert [call.method for call in server.calls] == ["__getattr__"] * 4 + ["__setattr__"]


def test_an_awaited_method_says_what_is_missing(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        unknown = proxy.add
        with pytest.raises(TypeError, match=r"use 'await proxy\.add\(\.\.\.\)'"):
            await unknown
        with pytest.raises(TypeError, match="can't be used in 'await' expression"):
            await proxy.add
        assert inspect.iscoroutinefunction(unknown)
        assert await unknown(1, 1) == await proxy.add(1, 1) == 2
        with pytest.raises(AttributeError, match="did you mean 'add'"):
            await proxy._pyro._channel.call("ad", (), {})

    tell(story)
    assert len(server.calls) == 2


def test_names_are_known_once_connected(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        unknown = proxy.ad
        assert "add" not in dir(proxy)
        assert repr(proxy).endswith("; not connected>")
        with pytest.raises(AttributeError, match="did you mean 'add'"):
            await unknown
        assert {"add", "x"} <= set(dir(proxy))
        assert not hasattr(proxy, "ad")
        assert proxy.add is proxy.add
        assert proxy.add.__name__ == "add"
        assert "remote member ad " in repr(unknown)
        assert repr(proxy).endswith("; connected, 3 methods>")
        with pytest.raises(AttributeError, match="cannot be deleted"):
            del proxy.x

    tell(story)


def test_looking_at_a_proxy_never_connects(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        for name in ("_repr_pretty_", "_ipython_canary_method_should_not_exist_", "__wrapped__", "_pyroUri"):
            assert not hasattr(proxy, name)
        assert inspect.unwrap(proxy) is proxy
        assert bool(proxy)
        repr(proxy.anything)
        dir(proxy)

    tell(story)
    assert server.connects == []


def test_operators_reach_exposed_methods(tell: Story, server: Any) -> None:
    scripts: dict[str, Callable[[Any, Any], object]] = {
        "__getitem__": lambda peer, call: peer.reply(call.args[0] * 2),
        "__iter__": lambda peer, call: peer.reply([1, 2]),
        "__call__": lambda peer, call: peer.reply([call.args, call.kwargs]),
        "__len__": lambda peer, call: peer.reply(7),
        "__add__": lambda peer, call: peer.reply(call.args[0] + 1),
    }
    server.scripts.update(scripts)
    server.metadata = {"methods": list(scripts), "oneway": [], "attrs": []}

    async def story(proxy: AsyncProxy) -> None:
        assert await proxy[21] == 42
        assert [item async for item in proxy] == [1, 2]
        assert await proxy(1, b=2) == [(1,), {"b": 2}]
        assert await proxy._pyro.invoke("__len__") == 7
        assert await proxy.__add__(1) == 2

    tell(story)


def test_operators_without_an_exposed_method_are_type_errors(tell: Story) -> None:
    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(TypeError, match="does not expose __call__"):
            await proxy()
        with pytest.raises(TypeError, match="does not expose __getitem__"):
            await proxy[1]
        with pytest.raises(TypeError, match="does not expose __iter__"):
            [item async for item in proxy]

    tell(story)


def test_operators_that_cannot_be_awaited_say_what_to_do(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(TypeError, match="async for"):
            list(proxy)
        with pytest.raises(TypeError, match=r"await proxy\._pyro\.invoke\('__len__'\)"):
            len(proxy)
        with pytest.raises(TypeError, match=r"invoke\('__contains__', \(item,\)\)"):
            1 in proxy  # noqa: B015
        with pytest.raises(TypeError, match=r"invoke\('__setitem__', \(key, value\)\)"):
            proxy[1] = 2
        with pytest.raises(TypeError, match=r"invoke\('__delitem__', \(key,\)\)"):
            del proxy[1]

    tell(story)
    assert server.connects == []


def test_a_remote_iterator_is_iterated_and_closed(tell: Story, server: Any) -> None:
    items = iter(range(100))
    server.metadata = {"methods": ["__iter__"], "oneway": [], "attrs": []}
    server.scripts["__iter__"] = lambda peer, call: peer.stream("s1")
    server.scripts["get_next_stream_item"] = lambda peer, call: peer.reply(next(items))
    server.scripts["close_stream"] = lambda peer, call: server.noted.set()

    async def story(proxy: AsyncProxy) -> None:
        iterator: Any = aiter(proxy)
        assert [await anext(iterator), await anext(iterator)] == [0, 1]
        await iterator.aclose()

    tell(story)
    assert server.noted.wait(10)


def test_iterating_falls_back_to_numbered_items(tell: Story, server: Any) -> None:
    def item(peer: Any, call: Any) -> None:
        number = call.args[0]
        peer.reply(number * 10) if number < 3 else peer.fail(IndexError("no more"))

    server.metadata = {"methods": ["__getitem__"], "oneway": [], "attrs": []}
    server.scripts["__getitem__"] = item

    async def story(proxy: AsyncProxy) -> None:
        assert [item async for item in proxy] == [0, 10, 20]

    tell(story)


def test_a_copy_has_its_own_connection_and_the_same_habits(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        proxy._pyro.timeout_s = 7
        assert await proxy.add(1, 1) == 2
        for twin in (copy.copy(proxy), copy.deepcopy(proxy)):
            assert not twin._pyro.connected
            assert twin == proxy
            assert twin._pyro.timeout_s == 7
            assert twin._pyro.metadata == proxy._pyro.metadata
            async with twin:
                assert await twin.add(2, 2) == 4

    tell(story)
    assert len(server.connects) == 3


def test_a_pickled_proxy_knows_the_members(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        proxy._pyro.handshake = "hi"
        proxy._pyro.serializer = "plain"
        await proxy._pyro.bind()
        twin = pickle.loads(pickle.dumps(proxy))
        assert type(twin) is AsyncProxy
        assert twin == proxy
        assert twin._pyro.metadata == proxy._pyro.metadata
        assert twin._pyro.oneway == {"note"}
        assert (twin._pyro.handshake, twin._pyro.serializer) == ("hi", "plain")
        async with twin:
            assert await twin.add(1, 2) == 3

    tell(story)
