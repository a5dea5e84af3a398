"""Methods that begin where their call arrives are none the worse for it; nor are those who called them."""

import asyncio
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any

import pytest

from pyro_client import AsyncProxy
from pyro_core.context import current_call
from pyro_core.errors import CallCancelled, CommunicationError, RemoteError
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_server import AsyncDaemon, expose, oneway

PATIENCE_S = 20.0
SETTINGS = ClientSettings(serializer="msgpack")
NUMBER: ContextVar[int] = ContextVar("number", default=0)


@expose
class Desk:
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.waiting = asyncio.Event()
        self.order: list[int] = []
        self.tasks: list[Any] = []

    async def quick(self, value: Any) -> Any:
        return value

    async def slow(self, value: Any) -> Any:
        self.waiting.set()
        await self.gate.wait()
        return value

    async def open(self) -> None:
        self.gate.set()

    async def is_in_a_task(self, waits: bool) -> bool:
        before = asyncio.current_task()
        assert before in asyncio.all_tasks()
        self.tasks.append(before)
        if waits:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return isinstance(before, asyncio.Task) and asyncio.current_task() is before

    async def times_out(self, after_s: float) -> str:
        try:
            async with asyncio.timeout(after_s):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timeout"
        return "nothing"

    async def in_a_group(self) -> list[int]:
        async def number(value: int) -> int:
            await asyncio.sleep(0)
            return value

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(number(value)) for value in range(3)]
        return [task.result() for task in tasks]

    async def fails_in_a_group(self) -> None:
        async def fail() -> None:
            raise ValueError("of the child")

        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await asyncio.Event().wait()

    async def remember(self, number: int, waits: bool) -> list[int]:
        before = NUMBER.get()
        NUMBER.set(number)
        if waits:
            await asyncio.sleep(0)
        return [before, NUMBER.get()]

    def remember_in_thread(self, number: int) -> int:
        before = NUMBER.get()
        NUMBER.set(number)
        return before

    @oneway
    async def note(self, number: int) -> None:
        if number % 2:
            await asyncio.sleep(0)
        self.order.append(number)

    async def noted(self) -> list[int]:
        while len(self.order) < 10:
            await asyncio.sleep(0)
        return self.order

    async def names(self) -> list[str]:
        before = current_call().method
        await asyncio.sleep(0)
        return [before, current_call().method]

    async def cancels_itself(self, waits: bool) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if waits:
            await asyncio.sleep(0)
        return "not cancelled"

    async def raises(self, name: str) -> None:
        raise {"cancelled": asyncio.CancelledError, "exit": SystemExit, "stop": StopAsyncIteration}[name](
            "why"
        )


def run(scenario: Any, *, number: int = 0, settings: ServerSettings | None = None) -> None:
    async def limited() -> None:
        NUMBER.set(number)
        async with asyncio.timeout(PATIENCE_S), AsyncDaemon(settings) as daemon:
            desk = Desk()
            uri = daemon.register(desk, "desk")
            async with AsyncProxy(uri, settings=SETTINGS) as proxy:
                assert await proxy.quick(1) == 1
                await scenario(desk, proxy)

    asyncio.run(limited(), debug=True)


def test_a_method_that_waits_does_not_hold_up_the_others() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        ended: list[Any] = []

        async def note(call: Any) -> None:
            ended.append(await call)

        calls = [proxy.quick(1), proxy.slow("slow"), proxy.quick(2), proxy.slow("slow, too"), proxy.quick(3)]
        tasks = [asyncio.create_task(note(call)) for call in calls]
        await asyncio.gather(*tasks[::2])
        assert ended == [1, 2, 3]
        await proxy.open()
        await asyncio.gather(*tasks)
        assert ended == [1, 2, 3, "slow", "slow, too"]

    run(scenario)


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "after waiting"])
def test_a_method_runs_in_one_real_task(waits: bool) -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        assert await asyncio.gather(*(proxy.is_in_a_task(waits) for _ in range(3))) == [True] * 3
        if waits:
            assert len(set(desk.tasks)) == 3

    run(scenario)


def test_time_limits_and_task_groups_work_in_methods() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        calls = [proxy.times_out(0.01), proxy.times_out(0), proxy.times_out(-1)]
        assert await asyncio.gather(*calls) == ["timeout"] * 3
        assert await proxy.in_a_group() == [0, 1, 2]
        with pytest.raises(BaseException, match="unhandled errors in a TaskGroup"):
            await proxy.fails_in_a_group()
        assert await proxy.quick(1) == 1

    run(scenario)


def test_context_variables_are_those_of_the_program_and_do_not_leak_between_calls() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        for waits in (False, True):
            found = await asyncio.gather(*(proxy.remember(number, waits) for number in range(1, 4)))
            assert found == [[7, 1], [7, 2], [7, 3]]
            assert await proxy.remember(9, waits) == [7, 9]
        for number in (1, 2):
            assert await proxy.remember_in_thread(number) == 7
        assert NUMBER.get() == 7
        assert await proxy.names() == ["names", "names"]

    run(scenario, number=7)


def test_one_way_calls_keep_their_order_where_that_is_set() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        for number in range(10):
            await proxy.note(number)
        assert await proxy.noted() == list(range(10))

    run(scenario, settings=ServerSettings(oneway_in_order=True))


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "after waiting"])
def test_a_method_that_cancels_itself_is_answered_and_harms_nobody(waits: bool) -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        if waits:
            with pytest.raises(CallCancelled, match="on the server"):
                await proxy.cancels_itself(waits)
        else:
            assert await proxy.cancels_itself(waits) == "not cancelled"
        for _ in range(2):
            assert await proxy.is_in_a_task(True)

    run(scenario)


@pytest.mark.parametrize(
    ("name", "error"), [("cancelled", CallCancelled), ("exit", RemoteError), ("stop", RemoteError)]
)
def test_whatever_a_method_raises_is_an_answer(name: str, error: type[Exception]) -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        with pytest.raises(error):
            await proxy.raises(name)
        assert await proxy.quick(1) == 1

    run(scenario)


def test_a_call_that_was_given_up_is_cancelled_and_others_go_on() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        connection = proxy._pyro.connection
        other = asyncio.create_task(proxy.slow("other"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await proxy.slow("given up")
        unsent = asyncio.create_task(proxy.quick("never sent"))
        unsent.cancel()
        assert await proxy.quick(2) == 2
        await proxy.open()
        assert await other == "other"
        assert unsent.cancelled()
        assert proxy._pyro.connection is connection

    run(scenario)


def test_a_task_may_close_the_connection_as_soon_as_it_has_its_answer() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        async def release_after(call: Any) -> Any:
            value = await call
            await proxy._pyro.release()
            return value

        waiting = asyncio.create_task(proxy.slow("never"))
        await desk.waiting.wait()
        # Both are sent together, so that both answers arrive together.
        assert await asyncio.gather(release_after(proxy.quick(1)), proxy.quick(2)) == [1, 2]
        with pytest.raises(CommunicationError):
            await waiting
        assert await proxy.quick(3) == 3

    run(scenario)


def test_many_calls_at_once_on_one_connection() -> None:
    async def scenario(desk: Desk, proxy: AsyncProxy) -> None:
        values = [*range(500), "x" * 300_000, *range(500)]
        assert await asyncio.gather(*map(proxy.quick, values)) == values

    run(scenario)


def test_the_daemon_leaves_no_task_behind() -> None:
    async def scenario() -> None:
        async with AsyncDaemon() as daemon, AsyncProxy(daemon.register(Desk()), settings=SETTINGS) as proxy:
            for waits in (False, True, False):
                assert await proxy.is_in_a_task(waits)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


@pytest.mark.skipif(not find_spec("uvloop"), reason="uvloop is not installed")
def test_both_ends_work_on_uvloop() -> None:
    import uvloop

    async def scenario() -> None:
        async with AsyncDaemon() as daemon, AsyncProxy(daemon.register(Desk()), settings=SETTINGS) as proxy:
            assert await asyncio.gather(*(proxy.is_in_a_task(waits) for waits in (False, True))) == [True] * 2
            assert await proxy.times_out(0.01) == "timeout"
            assert await proxy.remember_in_thread(1) == 0

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())
