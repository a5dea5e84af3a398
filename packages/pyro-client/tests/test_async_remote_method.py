"""What can be learned from ``proxy.method`` of an asyncio proxy without calling it."""

import asyncio
import inspect
import pydoc
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pyro_client import AsyncProxy
from pyro_core.descriptions import ClassDescription, MethodDescription, ParameterDescription
from pyro_core.settings import ClientSettings

DESCRIPTION = ClassDescription(
    "Thing",
    "",
    {
        "add": MethodDescription(
            "add", "method", (ParameterDescription("a", "positional", "int"),), "int", "Add."
        )
    },
)


@pytest.fixture
def tell(server: Any, settings: ClientSettings) -> Callable[[Any], None]:
    def run(story: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            async with AsyncProxy(server.uri, settings=settings) as proxy:
                await story(proxy)

        asyncio.run(main())

    return run


def test_methods_are_coroutine_functions(tell: Any) -> None:
    async def story(proxy: Any) -> None:
        assert inspect.iscoroutinefunction(proxy.add)
        assert (proxy.add.__name__, proxy.add.__qualname__) == ("add", "AsyncProxy.add")
        assert await proxy.add(1, 2) == 3
        assert inspect.iscoroutinefunction(proxy.add)
        assert proxy.add is proxy.add

    tell(story)


def test_signatures_and_docs_come_when_they_were_asked_for(server: Any, tell: Any) -> None:
    server.scripts["describe_members"] = lambda peer, call: peer.reply(DESCRIPTION.to_wire())

    async def story(proxy: Any) -> None:
        assert str(inspect.signature(proxy.add)) == "(*args, **kwargs)"
        assert inspect.getdoc(proxy.add) == f"Call add of {server.uri}."
        assert server.calls == []
        assert await proxy._pyro.describe() == await proxy._pyro.describe() == DESCRIPTION
        assert str(inspect.signature(proxy.add)) == "(a: int) -> int"
        assert inspect.getdoc(proxy.add) == "Add."
        assert "async add(a: int) -> int" in pydoc.plain(pydoc.render_doc(proxy.add))
        assert len(server.calls) == 1

    tell(story)


def test_a_stock_server_describes_nothing(server: Any, tell: Any) -> None:
    async def story(proxy: Any) -> None:
        assert await proxy._pyro.describe() == ClassDescription()
        assert await proxy._pyro.describe() == ClassDescription()
        assert len(server.calls) == 1
        assert str(inspect.signature(proxy.add)) == "(*args, **kwargs)"

    tell(story)


def test_a_forgotten_await_is_reported_with_the_name_of_the_method(tell: Any) -> None:
    async def story(proxy: Any) -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            proxy.add(1, 2)
        assert "'AsyncProxy.add' was never awaited" in str(said[0].message)

    tell(story)
