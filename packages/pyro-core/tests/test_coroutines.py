import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from pyro_core.errors import CallCancelled
from pyro_core.net import coroutines
from pyro_core.net.coroutines import AsyncItems, LoopRunner


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


async def numbers() -> AsyncIterator[int]:
    yield 1
    yield 2


def test_nothing_is_awaited_on_a_loop_that_is_closed(loop: asyncio.AbstractEventLoop) -> None:
    loop.close()
    with pytest.raises(CallCancelled, match="loop that was to run this is closed"):
        LoopRunner(loop).run(asyncio.sleep(0), None)  # without a warning that it was never awaited


def test_who_waits_is_told_when_the_loop_is_closed(
    loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coroutines, "LOOK_S", 0.01)
    problems: list[BaseException] = []
    forever = loop.create_future()

    def wait() -> None:
        try:
            LoopRunner(loop).run(forever, None)
        except CallCancelled as problem:
            problems.append(problem)

    waiting = threading.Thread(target=wait)
    waiting.start()
    loop.close()  # it was never run
    waiting.join(10)
    assert len(problems) == 1


def test_items_whose_loop_is_closed_are_closed_already(loop: asyncio.AbstractEventLoop) -> None:
    made = numbers()
    assert loop.run_until_complete(anext(made)) == 1
    items = AsyncItems(LoopRunner(loop), made)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    items.close()
