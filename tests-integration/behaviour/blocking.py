"""The blocking client of the behaviours."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from behaviour.clients import Client, Function, Items, batch_of
from pyro_client import Proxy
from pyro_core.errors import TimeoutError

GIVE_UP_S = 0.2


def at_once(steps: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that never waits."""
    try:
        steps.send(None)
    except StopIteration as done:
        return done.value
    steps.close()
    raise AssertionError("a behaviour waits for an event loop; with a blocking client there is none")


class BlockingItems(Items):
    """Iterates with ``next``."""

    async def next(self) -> Any:
        try:
            return next(self.stream)
        except StopIteration:
            raise StopAsyncIteration from None

    async def close(self) -> None:
        self.stream.close()


class BlockingClient(Client):
    """Uses a ``Proxy``."""

    asynchronous = False

    def run(self, behaviour: Coroutine[Any, Any, None]) -> None:
        at_once(behaviour)

    def close(self) -> None:
        """Close the connection."""
        self.proxy._pyro.release()

    def _proxy(self, uri: str) -> Proxy:
        return Proxy(uri, settings=self.settings)

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.proxy, name)(*args, **kwargs)

    async def control(self, name: str, *args: Any) -> Any:
        return getattr(self.proxy._pyro, name)(*args)

    async def get(self, name: str) -> Any:
        return getattr(self.proxy, name)

    async def set(self, name: str, value: Any) -> None:
        setattr(self.proxy, name, value)

    async def items(self, name: str, *args: Any) -> Items:
        return BlockingItems(await self.call(name, *args))

    async def batch(self, *calls: tuple[Any, ...]) -> list[Any]:
        batch = batch_of(self.proxy)
        for name, *args in calls:
            getattr(batch, name)(*args)
        results: list[Any] = []
        try:
            for result in batch():
                results.append(BlockingItems(result) if hasattr(result, "__next__") else result)
        except Exception as error:
            results.append(error)
        return results

    async def batch_oneway(self, *calls: tuple[Any, ...]) -> Any:
        batch = batch_of(self.proxy)
        for name, *args in calls:
            getattr(batch, name)(*args)
        return batch(oneway=True)

    async def together(self, *calls: tuple[Any, ...]) -> list[Any]:
        with ThreadPoolExecutor(len(calls)) as pool:
            futures = [
                pool.submit(copy_context().run, getattr(self.proxy, name), *args) for name, *args in calls
            ]
            return [future.result() for future in futures]

    async def give_up(self, method: str, key: str) -> type[BaseException]:
        self.proxy._pyro.timeout_s = GIVE_UP_S
        try:
            await self.call(method, key)
        except TimeoutError as error:
            return type(error)
        finally:
            self.proxy._pyro.timeout_s = None
        raise AssertionError("a call that never ends has ended")

    async def offer(self, function: Function) -> Any:
        return self.proxy._pyro.offer(lambda *args: at_once(function(*args)))

    def generator(self, items: Sequence[Any], on_close: Callable[[], object]) -> Iterator[Any]:
        try:
            yield from items
        finally:
            on_close()


class LongBlockingClient(BlockingClient):
    """Sends an annotation with each request, so that nothing takes a short way at either end."""

    def _proxy(self, uri: str) -> Proxy:
        proxy = super()._proxy(uri)
        proxy._pyro.annotations = lambda: {"LONG": b"way"}
        return proxy
