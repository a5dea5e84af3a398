"""Ours on asyncio, at both ends, with the serializer named by PYRO_SERIALIZER."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import workloads


def serve() -> None:
    """Serve until the driver ends this process."""
    from pyro_server import AsyncDaemon, expose, oneway

    workloads.Service.note = oneway(workloads.Service.note)  # type: ignore[method-assign]

    async def run() -> None:
        async with AsyncDaemon() as daemon:
            workloads.ready(daemon.register(expose(workloads.Service)(), "service"))
            await daemon.serve()

    asyncio.run(run())


class Client(workloads.Client):
    """A proxy for asyncio, used from a loop of its own.

    Args:
        uri: Of the service.
    """

    def __init__(self, uri: str) -> None:
        super().__init__(None)
        self._uri = uri
        self._loop = asyncio.new_event_loop()
        self._proxy = self._do(self._connected())

    def w1(self, count: int) -> None:
        """The smallest call."""

        async def run() -> None:
            for _ in range(count):
                await self._proxy.add(2, 3)

        self._do(run())

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
                async with await self._connected() as proxy:
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

    def in_flight(self, count: int) -> None:
        """Tasks that share the connection."""

        async def some() -> None:
            for _ in range(count // workloads.IN_FLIGHT):
                await self._proxy.add(2, 3)

        async def run() -> None:
            await asyncio.gather(*(some() for _ in range(workloads.IN_FLIGHT)))

        self._do(run())

    def _echo(self, value: Any, count: int) -> None:
        async def run() -> None:
            for _ in range(count):
                workloads.expect(len(await self._proxy.echo(value)), len(value))

        self._do(run())

    async def _connected(self) -> Any:
        from pyro_client import AsyncProxy

        return AsyncProxy(self._uri)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
