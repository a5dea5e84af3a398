"""The asyncio client of the behaviours."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from behaviour.clients import PATIENCE_S, Client, Function, Items, batch_of
from pyro_client import AsyncProxy


class AsyncioItems(Items):
    """Iterates with ``anext``."""

    async def next(self) -> Any:
        return await anext(self.stream)

    async def close(self) -> None:
        await self.stream.aclose()


class AsyncioClient(Client):
    """Uses an ``AsyncProxy``, on an event loop of its own."""

    asynchronous = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.runner = asyncio.Runner()

    def run(self, behaviour: Coroutine[Any, Any, None]) -> None:
        self.runner.run(behaviour)

    def close(self) -> None:
        """Close the connection, and the loop."""
        self.runner.run(self.proxy._pyro.release())
        self.runner.close()

    def _proxy(self, uri: str) -> AsyncProxy:
        return AsyncProxy(uri, settings=self.settings)

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(self.proxy, name)(*args, **kwargs)

    async def control(self, name: str, *args: Any) -> Any:
        return await getattr(self.proxy._pyro, name)(*args)

    async def items(self, name: str, *args: Any) -> Items:
        return AsyncioItems(await self.call(name, *args))

    async def batch(self, *calls: tuple[Any, ...]) -> list[Any]:
        batch = batch_of(self.proxy)
        for name, *args in calls:
            getattr(batch, name)(*args)
        results: list[Any] = []
        try:
            for result in await batch():
                results.append(AsyncioItems(result) if hasattr(result, "__anext__") else result)
        except Exception as error:
            results.append(error)
        return results

    async def batch_oneway(self, *calls: tuple[Any, ...]) -> Any:
        batch = batch_of(self.proxy)
        for name, *args in calls:
            getattr(batch, name)(*args)
        return await batch(oneway=True)

    async def together(self, *calls: tuple[Any, ...]) -> list[Any]:
        return await asyncio.gather(*(self.call(name, *args) for name, *args in calls))

    async def give_up(self, method: str, key: str) -> type[BaseException]:
        task = asyncio.create_task(self.call(method, key))
        async with self.another() as other:
            await other.until_noted(key, "begun")
        task.cancel()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await task
        except asyncio.CancelledError as error:
            return type(error)
        raise AssertionError("a call that never ends has ended")

    async def offer(self, function: Function) -> Any:
        return await self.proxy._pyro.offer(function)

    async def generator(self, items: Sequence[Any], on_close: Callable[[], object]) -> AsyncIterator[Any]:
        try:
            for item in items:
                yield item
        finally:
            on_close()


class LongAsyncioClient(AsyncioClient):
    """Sends an annotation with each request, so that nothing takes a short way at either end."""

    def _proxy(self, uri: str) -> AsyncProxy:
        proxy = super()._proxy(uri)
        proxy._pyro.annotations = lambda: {"LONG": b"way"}
        return proxy
