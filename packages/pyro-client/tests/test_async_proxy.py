"""The asyncio proxy against a scripted server."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from pyro_client import AsyncProxy
from pyro_client.async_channel import AsyncRemoteIterator
from pyro_core import context
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    ConnectionRejected,
    PyroError,
    RemoteError,
    SerializeError,
    TimeoutError,
)
from pyro_core.settings import ClientSettings, Timeouts
from pyro_core.uri import URI

SHORT_S = 0.15

Story = Callable[[Callable[[AsyncProxy], Awaitable[None]]], None]


@pytest.fixture
def tell(server: Any, settings: ClientSettings) -> Story:
    """Runs a coroutine function with a proxy, in an event loop of its own."""

    def run(story: Callable[[AsyncProxy], Awaitable[None]]) -> None:
        async def main() -> None:
            async with opened(server, settings) as proxy:
                await story(proxy)

        asyncio.run(main())

    return run


@asynccontextmanager
async def opened(server: Any, settings: ClientSettings) -> AsyncIterator[AsyncProxy]:
    async with AsyncProxy(server.uri, settings=settings) as proxy:
        yield proxy


def test_calls_attributes_and_errors(tell: Story, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.fail(ZeroDivisionError("no"))

    async def story(proxy: AsyncProxy) -> None:
        assert await proxy.add(2, 3) == 5
        assert await proxy.add(2, 4) == 6
        assert await proxy._pyro.get("x") == "value of x"
        await proxy._pyro.set("x", 3)
        with pytest.raises(ZeroDivisionError):
            await proxy.echo(1)
        assert await proxy._pyro.invoke("add", (1, 1)) == 2
        assert proxy._pyro.version == 502

    tell(story)
    assert len(server.connects) == 1


def test_an_unknown_exception_is_a_remote_error_and_keeps_the_connection(tell: Story, server: Any) -> None:
    wire = {"__class__": "shop.OutOfStock", "__exception__": True, "args": ("couch",)}
    server.scripts["echo"] = lambda peer, call: peer.reply(wire, flags=1)

    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(RemoteError, match=r"shop\.OutOfStock: couch"):
            await proxy.echo(1)
        assert await proxy.add(1, 1) == 2

    tell(story)
    assert len(server.connects) == 1


def test_a_name_that_is_not_exposed_is_refused_here(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(AttributeError, match="did you mean 'add'"):
            await proxy.ad(1)
        with pytest.raises(AttributeError, match="private"):
            proxy._secret  # noqa: B018
        with pytest.raises(AttributeError, match=r"await proxy\._pyro\.set"):
            proxy.x = 3

    tell(story)
    assert server.calls == []


def test_oneway_calls_give_none(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        assert await proxy.note("a") is None
        assert await proxy.add(1, 1) == 2

    tell(story)
    assert server.noted.wait(10)


def test_tasks_take_turns(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        sums = await asyncio.gather(*(proxy.add(n, n) for n in range(20)))
        assert sums == [2 * n for n in range(20)]

    tell(story)
    assert len(server.connects) == 1


def test_large_requests_and_answers(tell: Story) -> None:
    async def story(proxy: AsyncProxy) -> None:
        text = "x" * 5_000_000
        assert await proxy.echo(text) == text

    tell(story)


def test_b1_the_deadline_is_for_the_whole_call(tell: Story, server: Any) -> None:
    ended = threading.Event()

    def trickle(peer: Any, call: Any) -> None:
        for byte in peer.answer("x" * 4000):
            if ended.wait(SHORT_S / 10):
                return
            peer.sock.send(bytes([byte]))

    server.scripts["echo"] = trickle

    async def story(proxy: AsyncProxy) -> None:
        await proxy.add(1, 1)
        proxy._pyro.timeout_s = SHORT_S
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError, match="timeout"):
            await proxy.echo(1)
        assert asyncio.get_running_loop().time() - began < SHORT_S * 3
        ended.set()
        assert not proxy._pyro.connected
        assert await proxy.add(1, 2) == 3

    tell(story)


def test_a_silent_handshake_is_given_up(
    server: Any, settings: ClientSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_greet", lambda peer, message: True)

    async def story() -> None:
        impatient = replace(settings, timeouts=Timeouts(connect_s=SHORT_S))
        async with AsyncProxy(server.uri, settings=impatient) as proxy:
            with pytest.raises(TimeoutError):
                await proxy.add(1, 1)
            with pytest.raises(TimeoutError):
                await proxy._pyro.bind()

    asyncio.run(story())


def test_cancelling_a_call_drops_the_connection(tell: Story, server: Any) -> None:
    begun = threading.Event()
    server.scripts["echo"] = lambda peer, call: begun.set()

    async def story(proxy: AsyncProxy) -> None:
        await proxy.add(1, 1)
        task = asyncio.ensure_future(proxy.echo(1))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not proxy._pyro.connected
        assert await proxy.add(1, 2) == 3

    tell(story)
    assert len(server.connects) == 2


def test_cancelling_while_connecting_closes_the_link(
    tell: Story, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    greet = server._greet
    monkeypatch.setattr(server, "_greet", lambda peer, message: begun.set() or True)

    async def story(proxy: AsyncProxy) -> None:
        task = asyncio.ensure_future(proxy.add(1, 1))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        monkeypatch.setattr(server, "_greet", greet)
        assert await proxy.add(1, 2) == 3

    tell(story)


def test_waiting_for_a_turn_can_be_cancelled_and_harms_nobody(tell: Story, server: Any) -> None:
    begun, go = threading.Event(), threading.Event()
    server.scripts["echo"] = lambda peer, call: (begun.set(), go.wait(10), peer.reply("slow"))

    async def story(proxy: AsyncProxy) -> None:
        slow = asyncio.ensure_future(proxy.echo(1))
        await asyncio.to_thread(begun.wait, 10)
        waiting = asyncio.ensure_future(proxy.add(1, 1))
        await asyncio.wait([waiting], timeout=0.01)
        waiting.cancel()
        go.set()
        assert await slow == "slow"

    tell(story)
    assert len(server.connects) == 1


def test_a_lost_connection_is_made_anew_by_the_next_call(tell: Story, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.hang_up()

    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(ConnectionClosedError) as caught:
            await proxy.echo(1)
        assert not caught.value.retry_safe
        assert await proxy.add(1, 2) == 3

    tell(story)
    assert [call.method for call in server.calls] == ["echo", "add"]


def test_max_retries_repeats(tell: Story, server: Any) -> None:
    answers: list[Callable[[Any], object]] = [lambda peer: peer.hang_up(), lambda peer: peer.reply("second")]
    server.scripts["echo"] = lambda peer, call: answers.pop(0)(peer)

    async def story(proxy: AsyncProxy) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        proxy._pyro._channel.runner.sleep = sleep
        proxy._pyro.max_retries = 1
        assert await proxy.echo(1) == "second"
        assert len(slept) == 1

    tell(story)


def test_reconnect_waits_between_attempts(tell: Story, server: Any) -> None:
    server.refusal = "not yet"

    async def story(proxy: AsyncProxy) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 2:
                server.refusal = None

        proxy._pyro._channel.runner.sleep = sleep
        await proxy._pyro.reconnect(tries=5)
        assert len(slept) == 2
        assert proxy._pyro.connected
        server.refusal = "never"
        with pytest.raises(ConnectionClosedError, match="failed to reconnect"):
            await proxy._pyro.reconnect(tries=2)

    tell(story)


def test_bind_ping_and_release(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        assert await proxy._pyro.bind() is True
        assert await proxy._pyro.bind() is False
        await proxy._pyro.ping()
        await proxy._pyro.release()
        assert not proxy._pyro.connected
        assert proxy._pyro.version is None

    tell(story)


def test_refusals_and_dead_ports_are_errors(server: Any, settings: ClientSettings, free_port: int) -> None:
    server.refusal = "go away"

    async def story() -> None:
        with pytest.raises(ConnectionRejected, match="go away"):
            await AsyncProxy(server.uri, settings=settings).add(1, 1)
        dead = URI.for_location("thing", host="127.0.0.1", port=free_port)
        with pytest.raises(CommunicationError, match="cannot connect") as caught:
            await AsyncProxy(dead, settings=settings).add(1, 1)
        assert caught.value.retry_safe

    asyncio.run(story())


def test_an_old_server_is_spoken_to_in_its_version(tell: Story, server: Any) -> None:
    server.speaks = 48

    async def story(proxy: AsyncProxy) -> None:
        assert await proxy.add(2, 3) == 5
        assert proxy._pyro.version == 48

    tell(story)


def test_names_are_resolved(server: Any, settings: ClientSettings) -> None:
    server.metadata = {"methods": ["lookup", "add"], "oneway": [], "attrs": []}
    server.scripts["lookup"] = lambda peer, call: peer.reply(server.uri)

    async def story() -> None:
        async with AsyncProxy("PYRONAME:thing", settings=settings) as proxy:
            assert await proxy.add(1, 2) == 3

    asyncio.run(story())


def test_unix_sockets(unix_server: Any) -> None:
    async def story() -> None:
        async with AsyncProxy(unix_server.uri, settings=ClientSettings(serializer="plain")) as proxy:
            assert await proxy.add(1, 2) == 3

    asyncio.run(story())


def test_one_proxy_works_in_one_event_loop_after_another(server: Any, settings: ClientSettings) -> None:
    proxy = AsyncProxy(server.uri, settings=settings)

    async def story() -> None:
        async with proxy:
            assert await proxy.add(1, 2) == 3

    asyncio.run(story())
    asyncio.run(story())


def test_response_annotations_belong_to_the_call(tell: Story, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.reply(1, annotations={"RESP": call.args[0]})

    async def one(proxy: AsyncProxy, value: bytes) -> None:
        with context.outgoing({"TEST": value}) as block:
            await proxy.echo(value)
            assert block.response_annotations == {"RESP": value}

    async def story(proxy: AsyncProxy) -> None:
        await asyncio.gather(*(one(proxy, bytes([65 + n])) for n in range(10)))

    tell(story)
    assert [request.annotations["TEST"] for request in server.requests] == [
        call.args[0] for call in server.calls
    ]


def test_a_returned_iterator_is_iterated_with_async_for(tell: Story, server: Any) -> None:
    items = iter([1, 2])

    def next_item(peer: Any, call: Any) -> None:
        item = next(items, None)
        peer.fail(StopIteration()) if item is None else peer.reply(item)

    server.scripts["echo"] = lambda peer, call: peer.stream("stream-1")
    server.scripts["get_next_stream_item"] = next_item
    server.scripts["close_stream"] = lambda peer, call: server.noted.set()

    async def story(proxy: AsyncProxy) -> None:
        remote = await proxy.echo()
        assert isinstance(remote, AsyncRemoteIterator)
        assert [item async for item in remote] == [1, 2]
        assert [item async for item in remote] == []
        second = await proxy.echo()
        await second.aclose()
        await second.aclose()
        server.scripts["get_next_stream_item"] = lambda peer, call: peer.fail(ValueError("broken"))
        third = await proxy.echo()
        with pytest.raises(ValueError, match="broken"):
            await anext(third)
        server.scripts["echo"] = lambda peer, call: peer.stream(None)
        with pytest.raises(PyroError, match="not configured"):
            await proxy.echo()
        assert await proxy.add(1, 1) == 2

    tell(story)
    assert server.noted.wait(10)


def test_serialize_errors_keep_the_connection(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        with pytest.raises(SerializeError):
            await proxy.echo(object())
        assert await proxy.add(1, 1) == 2

    tell(story)
    assert len(server.connects) == 1


def test_a_received_reference_becomes_an_asyncio_proxy(tell: Story, server: Any) -> None:
    async def story(proxy: AsyncProxy) -> None:
        await proxy._pyro.bind()
        nested = await proxy.echo(proxy)
        assert isinstance(nested, AsyncProxy)
        assert nested == proxy
        assert hash(nested) == hash(proxy)
        assert repr(nested).endswith("; not connected, 3 methods>")

    tell(story)
