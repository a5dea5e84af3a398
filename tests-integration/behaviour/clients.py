"""Blocking and asyncio clients that look the same to the behaviours.

A behaviour is a coroutine. With a blocking client nothing in it ever waits for an event loop, so that it is
carried out in one step; with an asyncio client it runs on a loop.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from time import monotonic
from typing import Any, ClassVar, NamedTuple, Self
from uuid import uuid4

import pytest

from pyro_client import batch
from pyro_core.settings import ClientSettings

PATIENCE_S = 15.0
Function = Callable[..., Coroutine[Any, Any, Any]]


class Combination(NamedTuple):
    """What a test runs with, in words that are different for each of the four."""

    client: str
    server: str
    transport: str
    serializer: str

    @property
    def is_stock(self) -> bool:
        """Whether the server is a stock one."""
        return self.server.startswith("pyro")


class Items(ABC):
    """The items of a stream, however its client iterates.

    Args:
        stream: What the call gave.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    @abstractmethod
    async def next(self) -> Any:
        """The next item. Raises StopAsyncIteration after the last one."""

    @abstractmethod
    async def close(self) -> None:
        """No more items are wanted."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            try:
                item = await self.next()
            except StopAsyncIteration:
                return
            yield item

    async def all(self) -> list[Any]:
        """All that are left."""
        return [item async for item in self]


class Client(ABC):
    """One proxy of the subject, and ways to make more.

    Args:
        uri: Address of the subject.
        elsewhere: Address of a subject of another server.
        settings: How to connect.
        combination: What the test runs with.
    """

    asynchronous: ClassVar[bool]

    def __init__(
        self, uri: str, elsewhere: str, settings: ClientSettings, combination: Combination, proxy: Any = None
    ) -> None:
        self.uri = uri
        self.elsewhere = elsewhere
        self.settings = settings
        self.combination = combination
        self.proxy = proxy if proxy is not None else self._proxy(uri)

    @abstractmethod
    def run(self, behaviour: Coroutine[Any, Any, None]) -> None:
        """Carry out a behaviour."""

    @abstractmethod
    def _proxy(self, uri: str) -> Any: ...

    # ---- more clients

    def another(self, object_id: str = "subject") -> Self:
        """A client with its own connection to the server, of this or another object."""
        uri = f"PYRO:{object_id}@{self.uri.partition('@')[2]}"
        return self.of(self._proxy(uri), uri)

    def of(self, proxy: Any, uri: str = "") -> Self:
        """A client with a proxy that exists, such as one that was received."""
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        twin.uri, twin.proxy = uri or str(proxy._pyro.uri), proxy
        return twin

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()

    # ---- what behaviours do

    @abstractmethod
    async def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the remote object."""

    @abstractmethod
    async def control(self, name: str, *args: Any) -> Any:
        """Call a method of ``proxy._pyro``."""

    async def get(self, name: str) -> Any:
        """Read an attribute."""
        return await self.control("get", name)

    async def set(self, name: str, value: Any) -> None:
        """Write an attribute."""
        await self.control("set", name, value)

    async def invoke(self, name: str, *args: Any) -> Any:
        """Call a method without asking whether there is one."""
        return await self.control("invoke", name, args)

    async def bind(self) -> None:
        """Connect now."""
        await self.control("bind")

    async def release(self) -> None:
        """Close the connection."""
        await self.control("release")

    @abstractmethod
    async def items(self, name: str, *args: Any) -> Items:
        """Call a method that gives a stream."""

    @abstractmethod
    async def batch(self, *calls: tuple[Any, ...]) -> list[Any]:
        """The results of a batch; an exception ends the list, streams are ``Items``."""

    @abstractmethod
    async def batch_oneway(self, *calls: tuple[Any, ...]) -> Any:
        """Send a batch without waiting for it."""

    @abstractmethod
    async def together(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Make calls at the same time, over the one connection; gives their results."""

    @abstractmethod
    async def give_up(self, method: str, key: str) -> type[BaseException]:
        """Make a call that notes "begun" and then never ends, and give it up; gives what that raises."""

    @abstractmethod
    async def offer(self, function: Function) -> Any:
        """Let the server call a function, which is called on this side as the client does it."""

    async def offer_object(self, target: Any, *expose: str) -> Any:
        """Let the server call the methods of an object."""
        return await self.control("offer", target, expose)

    @abstractmethod
    def generator(self, items: Sequence[Any], on_close: Callable[[], object]) -> Any:
        """A generator of this program, as its client would write it."""

    # ---- waiting for what happens on the server

    @staticmethod
    def key() -> str:
        """A name for notes of this test."""
        return uuid4().hex

    async def until_noted(self, key: str, *expected: Any) -> None:
        """Ask for the notes until they are these."""
        await self.until(lambda: self.call("noted", key), list(expected))

    @staticmethod
    async def until(ask: Callable[[], Awaitable[Any]], expected: Any) -> None:
        """Ask until the answer is as expected."""
        until = monotonic() + PATIENCE_S
        while (answer := await ask()) != expected:
            if monotonic() > until:
                pytest.fail(f"expected {expected!r}, and got {answer!r} for {PATIENCE_S:g} s")


def batch_of(proxy: Any) -> Any:
    """A batch of either kind of proxy."""
    return batch(proxy)
