"""A client's ways to do things, the same for blocking and asyncio clients."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from pyro_client import batch


class Face(Protocol):
    """A client's ways to do things, blocking or not."""

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any: ...
    async def get(self, name: str) -> Any: ...
    async def set(self, name: str, value: Any) -> None: ...
    async def batch(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]: ...
    async def take(self, items: Any, most: int) -> list[Any]: ...
    async def offer(self, function: Callable[[Any], Any]) -> Any: ...
    async def patience(self, seconds: float | None) -> None: ...
    async def reconnect(self) -> None: ...


def settled(results: Iterator[Any]) -> list[Any]:
    """The results of a batch, with the text of the error that ended it."""
    found = []
    try:
        for result in results:
            found.append(result)
    except ValueError as problem:
        found.append(str(problem))
    return found


class Blocking:
    """Implements ``Face`` without ever waiting for an event loop."""

    def __init__(self, proxy: Any) -> None:
        self.proxy = proxy

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.proxy, method)(*args, **kwargs)

    async def get(self, name: str) -> Any:
        return getattr(self.proxy, name)

    async def set(self, name: str, value: Any) -> None:
        setattr(self.proxy, name, value)

    async def batch(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        together = batch(self.proxy)
        for method, args in calls:
            getattr(together, method)(*args)
        return settled(iter(together()))

    async def take(self, items: Any, most: int) -> list[Any]:
        taken = []
        try:
            for item in items:
                taken.append(item)
                if len(taken) >= most:
                    items.close()
                    break
        except ValueError as problem:
            taken.append(str(problem))
        return taken

    async def offer(self, function: Callable[[Any], Any]) -> Any:
        return self.proxy._pyro.offer(function)

    async def patience(self, seconds: float | None) -> None:
        self.proxy._pyro.timeout_s = seconds

    async def reconnect(self) -> None:
        self.proxy._pyro.ping()
        self.proxy._pyro.release()


class Awaiting(Blocking):
    """Implements ``Face`` on an event loop."""

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(self.proxy, method)(*args, **kwargs)

    async def get(self, name: str) -> Any:
        return await getattr(self.proxy, name)

    async def set(self, name: str, value: Any) -> None:
        await self.proxy._pyro.set(name, value)

    async def batch(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        together = batch(self.proxy)
        for method, args in calls:
            getattr(together, method)(*args)
        return settled(iter(await together()))

    async def take(self, items: Any, most: int) -> list[Any]:
        taken = []
        try:
            async for item in items:
                taken.append(item)
                if len(taken) >= most:
                    await items.aclose()
                    break
        except ValueError as problem:
            taken.append(str(problem))
        return taken

    async def offer(self, function: Callable[[Any], Any]) -> Any:
        return await self.proxy._pyro.offer(function)

    async def reconnect(self) -> None:
        await self.proxy._pyro.ping()
        await self.proxy._pyro.release()
