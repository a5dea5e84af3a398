"""What is measured of peers on asyncio: the workloads, and a remote object for the event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import workloads


class Service:
    """The remote object, whose methods run on the event loop."""

    def __init__(self) -> None:
        self._plain = workloads.Service()

    async def add(self, a: int, b: int) -> int:
        """The smallest useful call."""
        return a + b

    async def echo(self, value: Any) -> Any:
        """The same value back."""
        return value

    async def upload(self, data: Any) -> int:
        """Takes binary data; gives its size."""
        return len(data)

    async def note(self) -> None:
        """Nobody waits for this."""
        self._plain.note()

    async def noted(self) -> int:
        """How often ``note`` was called."""
        return self._plain.noted()

    async def nap(self, seconds: float) -> None:
        """Takes so long."""
        await asyncio.sleep(seconds)

    async def items(self, number: int) -> AsyncIterator[int]:
        """A stream of small items."""
        for item in range(number):
            yield item


class Client(workloads.Client):
    """The client's side of a peer on asyncio, used from a loop of its own.

    Args:
        address: Of the service.
    """

    def __init__(self, address: str) -> None:
        super().__init__(None)
        self.address = address
        self._idle: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._proxy = self._do(self.connected())

    async def connected(self) -> Any:
        """Something to call the methods on, which has a connection of its own; also for ``async with``."""
        raise NotImplementedError

    async def closed(self, proxy: Any) -> None:
        """Close that connection."""
        raise NotImplementedError

    def w1a(self, count: int) -> None:
        """The smallest call."""

        async def run() -> None:
            for _ in range(count):
                await self._proxy.add(2, 3)

        self._do(run())

    def w1b(self, count: int) -> None:
        """Echo of a text."""
        self._echo(workloads.TEXT, count)

    def w2a(self, count: int) -> None:
        """Echo of 30 fields."""
        self._echo(workloads.FIELDS, count)

    def w2b(self, count: int) -> None:
        """Echo of 1,000 small dicts."""
        self._echo(workloads.RECORDS, count)

    def w5(self, count: int) -> None:
        """Connect, call and close."""

        async def run() -> None:
            for _ in range(count):
                async with await self.connected() as proxy:
                    workloads.expect(await proxy.add(2, 3), 5)

        self._do(run())

    def w6a(self, count: int) -> None:
        """Echo of binary data."""
        self._echo(workloads.BULK, count)

    def w8(self, count: int) -> None:
        """Items of a stream."""

        async def run() -> None:
            number = 0
            async for _ in await self._proxy.items(count):
                number += 1
            workloads.expect(number, count)

        self._do(run())

    def w4(self, count: int) -> None:
        """One-way calls, until all of them were executed."""

        async def run() -> None:
            before = await self._proxy.noted()
            for _ in range(count):
                await self._proxy.note()
            while await self._proxy.noted() != before + count:
                await asyncio.sleep(0.0005)

        self._do(run())

    def w6b(self, count: int) -> None:
        """Upload of binary data."""

        async def run() -> None:
            for _ in range(count):
                workloads.expect(await self._proxy.upload(workloads.BULK), len(workloads.BULK))

        self._do(run())

    def w7a(self, count: int) -> None:
        """Tasks, each with a connection of its own."""

        async def run() -> None:
            await self._tasks(workloads.THREADS, lambda proxy: self._adds(proxy, count // workloads.THREADS))

        self._do(run())

    def w7c(self, count: int) -> None:
        """Tasks whose calls take a moment, all at once."""

        async def naps(proxy: Any) -> None:
            for _ in range(workloads.NAPS):
                await proxy.nap(workloads.NAP_S)

        async def run() -> None:
            for _ in range(count):
                await self._tasks(workloads.SLEEPERS, naps)

        self._do(run())

    def w9(self, count: int) -> None:
        """Connections that are opened, used once, and stay."""

        async def run() -> None:
            for _ in range(count):
                self._idle.append(await self.connected())
                await self._idle[-1].add(2, 3)

        self._do(run())

    def in_flight(self, count: int) -> None:
        """Tasks that share the connection."""

        async def run() -> None:
            each = count // workloads.IN_FLIGHT
            await asyncio.gather(*(self._adds(self._proxy, each) for _ in range(workloads.IN_FLIGHT)))

        self._do(run())

    async def _adds(self, proxy: Any, count: int) -> None:
        for _ in range(count):
            await proxy.add(2, 3)

    async def _tasks(self, size: int, work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        proxies = [await self.connected() for _ in range(size)]
        for proxy in proxies:
            await proxy.add(2, 3)
        self.began = time.perf_counter()
        await asyncio.gather(*(work(proxy) for proxy in proxies))
        self.ended = time.perf_counter()
        for proxy in proxies:
            await self.closed(proxy)

    def _echo(self, value: Any, count: int) -> None:
        async def run() -> None:
            for _ in range(count):
                workloads.expect(len(await self._proxy.echo(value)), len(value))

        self._do(run())

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)
