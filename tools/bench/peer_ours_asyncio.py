"""Ours on asyncio: an ``AsyncDaemon`` and an ``AsyncProxy``, each where it is asked for.

The server's first argument says which methods: ``async`` or ``plain``. The client's ``PEER_CLIENT`` says what
calls: ``async`` (an ``AsyncProxy``), ``sync`` (a ``Proxy``), ``futures`` or ``threads`` (over one ``Proxy``).
"""

import asyncio
import os
import sys
import time
from collections import deque
from threading import Thread
from typing import Any

import workloads

WINDOW = 64
"""Calls in flight in W12."""
THREADS = 8
"""Threads that share one proxy in W12 of ``threads``."""


class AsyncService:
    """The methods of ``workloads.Service``, as coroutine functions."""

    async def add(self, a: int, b: int) -> int:
        """W1 and W12."""
        return a + b


async def serve(kind: str) -> None:
    """Serve until the driver ends this process."""
    from pyro_server import AsyncDaemon, expose

    service = expose(AsyncService)() if kind == "async" else expose(workloads.Service)()
    async with AsyncDaemon() as daemon:
        workloads.ready(daemon.register(service, "service"))
        await daemon.serve()


async def call(uri: str) -> None:
    """Be the client on asyncio."""
    from pyro_client import AsyncProxy

    async with AsyncProxy(uri) as service:
        for line in sys.stdin:  # the driver waits meanwhile: nothing else is to happen here
            workload, count = line.split()
            check(await service.add(2, 3))
            began = time.perf_counter()
            if workload == "W1":
                for _ in range(int(count)):
                    await service.add(2, 3)
            else:
                await asyncio.gather(*(calls_in_turn(service, int(count) // WINDOW) for _ in range(WINDOW)))
            print(time.perf_counter() - began, flush=True)


async def calls_in_turn(service: Any, count: int) -> None:
    """One of the tasks that keep a call in flight each."""
    for _ in range(count):
        await service.add(2, 3)


def with_futures(service: Any, count: int) -> None:
    """A window of futures."""
    add = service._pyro.futures.add
    flying = deque(add(2, 3) for _ in range(WINDOW))
    for _ in range(count - WINDOW):
        flying.popleft().result()
        flying.append(add(2, 3))
    for future in flying:
        future.result()


def with_threads(service: Any, count: int) -> None:
    """Threads that share a proxy."""

    def calls() -> None:
        for _ in range(count // THREADS):
            service.add(2, 3)

    threads = [Thread(target=calls) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def call_blocking(uri: str, kind: str) -> None:
    """Be a blocking client."""
    from pyro_client import Proxy

    many = {"futures": with_futures, "threads": with_threads}.get(kind)
    with Proxy(uri) as service:
        for line in sys.stdin:
            workload, count = line.split()
            check(service.add(2, 3))
            began = time.perf_counter()
            if workload == "W12" and many is not None:
                many(service, int(count))
            else:
                for _ in range(int(count)):
                    service.add(2, 3)
            print(time.perf_counter() - began, flush=True)


def check(result: object) -> None:
    """End with an error if a call gave something wrong."""
    if result != 5:
        raise SystemExit(f"add(2, 3) gave a wrong answer: {result!r}")


def run(coroutine: Any) -> None:
    """Run on the event loop that ``PEER_LOOP`` names: that of asyncio, or uvloop."""
    if os.environ.get("PEER_LOOP") == "uvloop":
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(coroutine)
    else:
        asyncio.run(coroutine)


if __name__ == "__main__":
    client = os.environ.get("PEER_CLIENT", "async")
    if sys.argv[1] == "server" and sys.argv[2:] == ["threaded"]:
        import peer_ours

        peer_ours.serve()
    elif sys.argv[1] == "server":
        run(serve(sys.argv[2]))
    elif client == "async":
        run(call(sys.argv[2]))
    else:
        call_blocking(sys.argv[2], client)
