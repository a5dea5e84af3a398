"""Ours on asyncio, at both ends, with the serializer named by PYRO_SERIALIZER."""

import asyncio
import sys
from typing import Any

import async_workloads
import workloads
from async_workloads import Service


def serve() -> None:
    """Serve until the driver ends this process."""
    from pyro_server import AsyncDaemon, expose, oneway

    Service.note = oneway(Service.note)  # type: ignore[method-assign]

    async def run() -> None:
        async with AsyncDaemon() as daemon:
            workloads.ready(daemon.register(expose(Service)(), "service"))
            await daemon.serve()

    asyncio.run(run())


class Client(async_workloads.Client):
    """A proxy for asyncio."""

    async def connected(self) -> Any:
        """Another proxy."""
        from pyro_client import AsyncProxy

        return AsyncProxy(self.address)

    async def closed(self, proxy: Any) -> None:
        """Close its connection."""
        await proxy._pyro.release()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
