"""A daemon on the program's own event loop, with clients and callbacks on the same one."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from pyro_client import AsyncProxy, Proxy
from pyro_core.context import current_call
from pyro_core.errors import ConnectionRejected, PyroError
from pyro_core.settings import ClientSettings, Limits, ServerSettings, Timeouts
from pyro_server import AsyncDaemon, expose, oneway

PATIENCE_S = 20.0


@expose
class Desk:
    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    def plain(self, value: Any) -> Any:
        return value

    async def loop_id(self) -> int:
        return id(asyncio.get_running_loop())

    async def wait_for_ever(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    async def ask(self, callback: Any, times: int) -> list[Any]:
        return [await callback(number) for number in range(times)]

    async def total(self, items: Any) -> int:
        total = 0
        async for item in items:
            total += item
        return total

    async def first(self, items: Any) -> Any:
        async for item in items:
            items.close()
            return item

    async def caller(self) -> str:
        await asyncio.sleep(0)
        return current_call().method


def run(scenario: Any) -> None:
    async def limited() -> None:
        async with asyncio.timeout(PATIENCE_S), AsyncDaemon() as daemon:
            desk = Desk()
            async with AsyncProxy(daemon.register(desk, "desk")) as proxy:
                await scenario(daemon, desk, proxy)

    asyncio.run(limited())


def test_async_methods_run_on_the_loop_and_plain_ones_beside_it() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        assert await proxy.loop_id() == id(asyncio.get_running_loop())
        assert await proxy.plain([1, (2,)]) == [1, (2,)]
        assert await proxy.caller() == "caller"

    run(scenario)


def test_cancelling_a_task_cancels_the_method_and_keeps_the_connection() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        task = asyncio.create_task(proxy.wait_for_ever())  # type: ignore[arg-type]
        await desk.begun.wait()
        connection = proxy._pyro.connection
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await desk.cancelled.wait()
        assert await proxy.plain(1) == 1
        assert proxy._pyro.connection is connection

    run(scenario)


def test_a_client_that_goes_away_cancels_its_calls() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        async with AsyncProxy(daemon.uri_for("desk")) as other:
            task = asyncio.create_task(other.wait_for_ever())  # type: ignore[arg-type]
            await desk.begun.wait()
        with pytest.raises(PyroError):
            await task
        await desk.cancelled.wait()

    run(scenario)


def test_streams_go_both_ways() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        assert [number async for number in await proxy.count(3000)] == list(range(3000))

        async def numbers() -> AsyncIterator[int]:
            for number in range(3000):
                yield number

        assert await proxy.total(numbers()) == sum(range(3000))
        assert await proxy.total(iter(range(3000))) == sum(range(3000))

    run(scenario)


def test_a_stream_that_is_not_wanted_any_more_is_closed_at_the_client() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        closed = asyncio.Event()

        async def endless() -> AsyncIterator[int]:
            try:
                while True:
                    yield 7
            finally:
                closed.set()

        assert await proxy.first(endless()) == 7
        await closed.wait()

    run(scenario)


def test_a_method_calls_the_client_back_on_the_same_loop() -> None:
    async def scenario(daemon: AsyncDaemon, desk: Desk, proxy: AsyncProxy) -> None:
        loops = []

        async def double(number: int) -> int:
            loops.append(asyncio.get_running_loop())
            return 2 * (await proxy.plain(number))  # type: ignore[no-any-return]

        assert await proxy.ask(await proxy._pyro.offer(double), 3) == [0, 2, 4]
        assert loops == [asyncio.get_running_loop()] * 3
        assert await proxy.ask(await proxy._pyro.offer(lambda number: -number), 2) == [0, -1]

    run(scenario)


def test_hooks_may_be_async() -> None:
    class Choosy(AsyncDaemon):
        async def validate_handshake(self, connection: Any, data: Any) -> Any:
            await asyncio.sleep(0)
            if data != "please":
                raise ValueError("say please")
            return "welcome"

    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE_S), Choosy() as daemon:
            uri = daemon.register(Desk(), "desk")
            polite = AsyncProxy(uri)
            polite._pyro.handshake = "please"
            async with polite:
                assert await polite.plain(1) == 1
            async with AsyncProxy(uri) as rude:
                with pytest.raises(ConnectionRejected, match="say please"):
                    await rude.plain(1)

    asyncio.run(scenario())


def test_serve_ends_on_shutdown_from_any_thread_and_closes() -> None:
    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE_S):
            daemon = AsyncDaemon()
            uri = daemon.register(Desk(), "desk")
            serving = asyncio.create_task(daemon.serve())

            def use_and_stop() -> int:
                with Proxy(uri) as proxy:
                    value: int = proxy.plain(5)
                daemon.shutdown()
                return value

            await asyncio.sleep(0)
            assert await asyncio.to_thread(use_and_stop) == 5
            await serving
            with pytest.raises(PyroError, match="closed"):
                await daemon.serve()

    asyncio.run(scenario())


def test_blocking_on_the_loop_for_its_own_connection_is_an_error_that_says_what_to_do() -> None:
    class Hasty(Desk):
        @expose
        async def hasty(self, items: Any) -> list[Any]:
            return list(items)

    async def scenario() -> None:
        async with (
            asyncio.timeout(PATIENCE_S),
            AsyncDaemon() as daemon,
            AsyncProxy(daemon.register(Hasty())) as proxy,
        ):
            with pytest.raises(PyroError, match="async for"):
                await proxy.hasty(iter([1, 2]))

    asyncio.run(scenario())


class Waiting:
    """Its one-way calls all end at the same moment, as far as the event loop sees."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()
        self.left = threading.Semaphore(0)

    @expose
    @oneway
    def wait(self) -> None:
        self.entered.release()
        assert self.gate.wait(10)
        self.left.release()

    @expose
    def ping(self) -> str:
        return "pong"


def test_a_client_with_too_many_calls_is_read_again_also_if_they_all_end_at_once() -> None:
    number = 6
    target = Waiting()
    settings = ServerSettings(limits=Limits(max_calls_in_flight=number - 1))

    def hold_the_loop_until_all_have_ended() -> None:
        target.gate.set()
        for _ in range(number):
            assert target.left.acquire(timeout=10)
        threading.Event().wait(0.05)  # what they gave is with the loop by now; if not, this shows less

    async def scenario() -> str:
        async with AsyncDaemon(settings, host="127.0.0.1") as daemon:
            uri = daemon.register(target)

            def call() -> str:
                with Proxy(uri, settings=ClientSettings(timeouts=Timeouts(call_s=10))) as proxy:
                    for _ in range(number):
                        proxy.wait()
                    for _ in range(number):
                        assert target.entered.acquire(timeout=10)
                    loop.call_soon_threadsafe(hold_the_loop_until_all_have_ended)
                    return str(proxy.ping())

            loop = asyncio.get_running_loop()
            return await asyncio.to_thread(call)

    assert asyncio.run(scenario()) == "pong"
