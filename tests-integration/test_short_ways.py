"""Usual calls take the short way at both ends: what they cost shows only if nobody forgets it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import AsyncProxy, Proxy
from pyro_client.async_channel import AsyncChannel
from pyro_client.channel import Channel
from pyro_core.settings import ClientSettings, Timeouts
from pyro_server import Daemon, expose
from pyro_server.engine import ServerEngine

CALLS = 20
BEFORE = 3
"""So many calls may go the long way until everything is known."""


@expose
class Adder:
    def add(self, a: int, b: int) -> int:
        return a + b

    async def add_later(self, a: int, b: int) -> int:
        return a + b


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who has gone a long way."""
    gone: list[str] = []

    def noting(cls: Any, name: str) -> Callable[..., Any]:
        original = getattr(cls, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            gone.append(cls.__name__)
            return original(*args, **kwargs)

        return noted

    for cls, name in ((ServerEngine, "admit"), (Channel, "_attempt"), (AsyncChannel, "_attempt")):
        monkeypatch.setattr(cls, name, noting(cls, name))
    return gone


@pytest.mark.parametrize("serializer", ["serpent", "msgpack"])
@pytest.mark.parametrize("servertype", ["threaded", "asyncio"])
@pytest.mark.parametrize("method", ["add", "add_later"])
def test_usual_calls_take_it(servertype: str, serializer: str, method: str, long_ways: list[str]) -> None:
    if servertype == "threaded" and method == "add_later":
        pytest.skip("what is awaited goes on in another thread here")
    settings = ClientSettings(serializer=serializer)

    async def call(uri: Any) -> None:
        async with AsyncProxy(uri, settings=settings) as proxy:
            for number in range(CALLS):
                assert await getattr(proxy, method)(number, 1) == number + 1

    with Daemon(servertype=servertype) as daemon:
        uri = daemon.register(Adder())
        daemon.start()
        with Proxy(uri, settings=settings) as proxy:
            for number in range(CALLS):
                assert getattr(proxy, method)(number, 1) == number + 1
        assert len(long_ways) <= BEFORE, long_ways
        long_ways.clear()
        asyncio.run(call(uri))
        assert len(long_ways) <= BEFORE, long_ways


def test_calls_with_a_deadline_take_it_at_the_client(long_ways: list[str]) -> None:
    with Daemon() as daemon:
        uri = daemon.register(Adder())
        daemon.start()
        with Proxy(uri, settings=ClientSettings(timeouts=Timeouts(call_s=60.0))) as proxy:
            for number in range(CALLS):
                assert proxy.add(number, 1) == number + 1
    assert long_ways.count("Channel") <= BEFORE
