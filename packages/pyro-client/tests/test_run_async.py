"""Steps of plans on an event loop."""

import asyncio
from typing import Any

import pytest

from pyro_client.run_async import AsyncRunner
from pyro_core import plans
from pyro_core.errors import CommunicationError, ConnectionClosedError, TimeoutError
from pyro_core.plans import Plan
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI


def one(step: plans.Step) -> Plan[Any]:
    return (yield step)


def runner(**fakes: Any) -> AsyncRunner:
    return AsyncRunner(ClientSettings(), **fakes)


def test_opens_sends_receives_and_closes() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"echo " + await reader.read(100))
        await reader.read(100)
        writer.close()
        ended.set()

    def plan(uri: URI) -> Plan[bytes]:
        link = yield plans.Open(uri)
        yield plans.Send(link, b"question")
        answer: bytes = yield plans.Receive(link)
        yield plans.Close(link)
        return answer

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            assert await runner().run(plan(URI(f"PYRO:thing@127.0.0.1:{port}"))) == b"echo question"
            await asyncio.wait_for(ended.wait(), 10)

    asyncio.run(story())


def test_a_peer_that_closes_gives_no_bytes_and_then_takes_none() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"last words")
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            link = await runner().run(one(plans.Open(URI(f"PYRO:thing@127.0.0.1:{port}"))))
            assert await link.receive() == b"last words"
            assert await link.receive() == b""
            assert link.ended
            with pytest.raises(ConnectionClosedError) as caught:
                await link.send(b"too late")
            assert caught.value.retry_safe
            link.close()

    asyncio.run(story())


def test_a_dead_port_is_safe_to_retry(free_port: int) -> None:
    with pytest.raises(CommunicationError) as caught:
        asyncio.run(runner().run(one(plans.Open(URI(f"PYRO:thing@127.0.0.1:{free_port}")))))
    assert caught.value.retry_safe


def test_opening_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()

        async def never(*_: Any, **__: Any) -> None:
            await loop.create_future()

        monkeypatch.setattr(loop, "create_connection", never)
        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            await runner().run(one(plans.Open(URI("PYRO:thing@host:1"), 0.01)))

    asyncio.run(story())


def test_sleeping_and_discovery_take_what_the_runner_was_given() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def story() -> None:
        given = runner(sleep=sleep, discover=lambda step: (step.addresses[0], ()))
        await given.run(one(plans.Sleep(3)))
        assert await given.run(one(plans.Discover(("a",), 9, 5.0))) == ("a", ())

    asyncio.run(story())
    assert slept == [3]


def test_cancelling_is_raised_inside_the_plan() -> None:
    seen: list[str] = []

    def plan() -> Plan[None]:
        try:
            yield plans.Sleep(3)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def story() -> None:
        started = asyncio.Event()

        async def sleep(seconds: float) -> None:
            started.set()
            await asyncio.get_running_loop().create_future()

        task = asyncio.ensure_future(runner(sleep=sleep).run(plan()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert seen == ["cancelled"]
