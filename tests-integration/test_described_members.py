"""What a user learns about a remote object without calling it, from real servers of ours and of others."""

import asyncio
import inspect
import pydoc
from collections.abc import Iterator
from typing import Any, Protocol

import processes
import pytest
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy, connect, connecting, connecting_async
from pyro_core.descriptions import ClassDescription
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_server import Daemon, behavior, expose, oneway

SERIALIZERS = ("serpent", "json", "marshal", "msgpack", "pickle")


@expose
@behavior(instance_mode="percall")
class Warehouse:
    """Keeps things."""

    instances = 0

    def __init__(self) -> None:
        type(self).instances += 1

    def store(self, item: str, count: int = 1, *, note: "str | None" = None) -> int:
        """Store some of an item.

        Returns the number of all.
        """
        return count

    def items(self) -> Iterator[str]:
        yield "bolt"

    async def later(self, wait_s: float = 0.5) -> bool:
        return True

    @oneway
    def tell(self, text: str) -> None: ...

    @property
    def size(self) -> int:
        """How many."""
        raise AssertionError("nobody asked for the value")


@pytest.fixture(scope="module", params=["threaded", "multiplex", "asyncio"])
def uri(request: pytest.FixtureRequest) -> Iterator[Any]:
    settings = ServerSettings(host="127.0.0.1", servertype=request.param, serializers=SERIALIZERS)
    with Daemon(settings) as daemon:
        uri = daemon.register(Warehouse, "warehouse")
        daemon.start()
        yield uri


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_d9_signatures_annotations_and_docs_of_remote_methods(uri: Any, serializer: str) -> None:
    before = Warehouse.instances
    with Proxy(uri, settings=ClientSettings(serializer=serializer)) as proxy:
        text = "(item: str, count: int = 1, *, note: str | None = None) -> int"
        assert str(inspect.signature(proxy.store)) == text
        assert inspect.signature(proxy.later).return_annotation is bool
        assert inspect.getdoc(proxy.store) == "Store some of an item.\n\nReturns the number of all."
        assert f"store{text}\n    Store some of an item." in pydoc.plain(pydoc.render_doc(proxy.store))
        description = proxy._pyro.describe()
        assert {name: one.kind for name, one in description.methods.items()} == {
            "items": "generator",
            "later": "async",
            "store": "method",
            "tell": "oneway",
        }
        assert (description.name, description.doc) == ("Warehouse", "Keeps things.")
        assert description.attributes["size"].doc == "How many."
        assert not description.attributes["size"].writable
    assert Warehouse.instances == before


def test_d9_the_same_with_asyncio(uri: Any) -> None:
    async def main() -> None:
        async with AsyncProxy(uri) as proxy:
            assert inspect.iscoroutinefunction(proxy.store)
            await proxy._pyro.describe()
            assert list(inspect.signature(proxy.store).parameters) == ["item", "count", "note"]
            assert (inspect.getdoc(proxy.store) or "").startswith("Store some")

    asyncio.run(main())


class Storing(Protocol):
    def store(self, item: str, count: int = 1) -> int: ...

    @property
    def size(self) -> int: ...


class AsyncStoring(Protocol):
    async def store(self, item: str) -> int: ...


class Demanding(Protocol):
    def store(self, item: str, *, colour: str) -> int: ...

    def remove(self, item: str) -> None: ...


def test_an_interface_is_compared_with_the_object(uri: Any) -> None:
    with connecting(uri, Storing, check=True) as proxy:
        assert proxy.store("bolt", 3) == 3
    with pytest.raises(TypeError) as caught:
        connect(uri, Demanding, check=True)
    assert [line.split(":")[0] for line in str(caught.value).split("\n  ")[1:]] == ["remove", "store"]

    async def main() -> int:
        async with connecting_async(uri, AsyncStoring, check=True) as proxy:
            return await proxy.store("bolt")

    assert asyncio.run(main()) == 1


@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_servers_tell_names_only(generation: str) -> None:
    with (
        processes.server("stock_server.py", generation, python=stock_python()) as uri,
        Proxy(uri) as proxy,
    ):
        assert str(inspect.signature(proxy.add)) == "(*args, **kwargs)"
        assert inspect.getdoc(proxy.add) == f"Call add of {uri}."
        assert proxy._pyro.describe() == ClassDescription()
        assert proxy.add(2, 3) == 5
