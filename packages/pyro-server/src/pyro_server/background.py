"""Running ``async def`` methods for transports that have threads and no event loop."""

import threading
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from pyro_core.context import CallContext
from pyro_core.net.coroutines import LoopRunner

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

STOP_S = 5.0
"""How long ``close`` waits for the loop's thread."""


class BackgroundLoop:
    """Runs awaitables on an event loop in a thread of its own, which starts when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runner: LoopRunner | None = None
        self._thread: threading.Thread | None = None

    def run(self, awaitable: Awaitable[T], call: CallContext | None) -> T:
        return self._started().run(awaitable, call)

    def close(self) -> None:
        with self._lock:
            runner, self._runner = self._runner, None
            thread = self._thread
        if runner is not None and thread is not None:
            runner.loop.call_soon_threadsafe(runner.loop.stop)
            if thread is not threading.current_thread():
                thread.join(STOP_S)

    def _started(self) -> LoopRunner:
        with self._lock:
            if self._runner is None:
                import asyncio  # takes longer than all of a daemon, and most need none of it

                loop = asyncio.new_event_loop()
                self._runner = LoopRunner(loop)
                self._thread = threading.Thread(target=_serve, args=(loop,), name="pyro-asyncio", daemon=True)
                self._thread.start()
            return self._runner


def _serve(loop: "asyncio.AbstractEventLoop") -> None:
    import asyncio

    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
