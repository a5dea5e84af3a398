"""gRPC on asyncio, at both ends, with msgpack in place of generated messages."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any, Self

import async_workloads
import grpc
import msgpack
import workloads
from peer_grpc import LARGEST, SERVICE, UNARY


def serve() -> None:
    """Serve until the driver ends this process."""
    asyncio.run(_serve())


async def _serve() -> None:
    service = async_workloads.Service()

    def unary(name: str) -> Any:
        method = getattr(service, name)

        async def run(args: Any, _: object) -> Any:
            return await method(*args)

        return grpc.unary_unary_rpc_method_handler(run, msgpack.unpackb, msgpack.packb)

    async def items(args: Any, _: object) -> AsyncIterator[int]:
        async for item in service.items(*args):
            yield item

    handlers = {name: unary(name) for name in UNARY}
    handlers["items"] = grpc.unary_stream_rpc_method_handler(items, msgpack.unpackb, msgpack.packb)
    server = grpc.aio.server(options=LARGEST)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    workloads.ready(f"127.0.0.1:{port}")
    await server.wait_for_termination()


class Remote:
    """The methods over one channel.

    Args:
        address: Host and port.
    """

    def __init__(self, address: str) -> None:
        own = ("grpc.use_local_subchannel_pool", 1)  # else channels share one connection
        self.channel = grpc.aio.insecure_channel(address, options=[*LARGEST, own])
        self._calls = {name: self._unary(name) for name in UNARY}
        self._items = self.channel.unary_stream(f"/{SERVICE}/items", msgpack.packb, msgpack.unpackb)

    def __getattr__(self, name: str) -> Any:
        call = self._calls[name]
        return lambda *args: call(args)

    async def items(self, number: int) -> AsyncIterator[int]:
        """A stream."""
        found: AsyncIterator[int] = self._items((number,))
        return found

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()

    def _unary(self, name: str) -> Any:
        return self.channel.unary_unary(f"/{SERVICE}/{name}", msgpack.packb, msgpack.unpackb)


class Client(async_workloads.Client):
    """A channel."""

    async def connected(self) -> Remote:
        """Another channel."""
        return Remote(self.address)

    async def closed(self, proxy: Any) -> None:
        """Close it."""
        await proxy.channel.close()

    def w4(self, count: int) -> None:
        """There are no one-way calls."""
        raise NotImplementedError


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
