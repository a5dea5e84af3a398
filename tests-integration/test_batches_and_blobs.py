"""Batches, futures and blobs against servers of both stock generations, and against ours."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from typing import Any

import processes
import pytest
from stock_env import stock_python

from pyro_client import AsyncProxy, Blob, Proxy, batch
from pyro_core import context
from pyro_core.settings import ClientSettings
from pyro_server import Daemon, expose

SERVERS = ["4-thread", "4-multiplex", "5-thread", "5-multiplex", "ours-threaded", "ours-multiplex"]
SERIALIZERS = ["serpent", "json", "marshal", "msgpack"]
PATIENCE_S = 20.0


@pytest.fixture(scope="module", params=SERVERS)
def uri(request: pytest.FixtureRequest) -> Iterator[str]:
    generation, _, servertype = request.param.partition("-")
    if generation == "ours":
        with processes.server("our_server.py", servertype, python=sys.executable) as uri:
            yield uri
        return
    with processes.server(
        "stock_server.py", generation, python=stock_python(), env={"PYRO_SERVERTYPE": servertype}
    ) as uri:
        yield uri


@pytest.fixture(params=SERIALIZERS)
def proxy(request: pytest.FixtureRequest, uri: str) -> Iterator[Proxy]:
    with Proxy(uri, settings=ClientSettings(serializer=request.param)) as proxy:
        proxy._pyro.timeout_s = PATIENCE_S
        yield proxy


def test_a_batch_gives_its_results_in_order(proxy: Proxy) -> None:
    b = batch(proxy)
    for number in range(100):
        b.add(number, b=1)
    b.echo({"a": [1, 2.5, None]})
    *numbers, echo = b()
    assert numbers == list(range(1, 101))
    assert echo == {"a": [1, 2.5, None]}


def test_a_failed_call_ends_the_batch_at_its_place(proxy: Proxy, request: pytest.FixtureRequest) -> None:
    b = batch(proxy)
    b.add(1, 1)
    b.divide(1, 0)
    b.note("never")
    if proxy._pyro.settings.serializer == "marshal" and "ours" not in request.node.name:
        with pytest.raises(ValueError, match="unmarshallable"):  # stock servers cannot send that error so
            b()
        return
    results = b()
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError) as caught:
        next(results)
    assert list(results) == []
    assert "divide" in "".join(caught.value.__dict__["_pyroTraceback"])
    assert proxy.add(1, 1) == 2


def test_a_oneway_batch_is_executed(proxy: Proxy) -> None:
    b = batch(proxy)
    b.add(1, 1)
    b.note("from a batch")
    assert b(oneway=True) is None
    assert proxy.wait_for_note() == "from a batch"


def test_an_unknown_method_means_that_nothing_is_done(uri: str) -> None:
    with Proxy(uri) as proxy:
        b = batch(proxy)
        b.note("never")
        b.teleport()
        with pytest.raises(AttributeError, match="teleport"):
            b()
        b.note("now")
        b()
        assert proxy.wait_for_note() == "now"


def test_annotations_travel_with_a_batch(proxy: Proxy) -> None:
    b = batch(proxy)
    b.annotations()
    with context.outgoing({"TEST": b"from the client"}) as block:
        assert list(b()) == [{"TEST": "from the client"}]
    assert block.response_annotations["RESP"] == b"from the server"


def test_an_asyncio_batch(uri: str) -> None:
    async def story() -> None:
        async with AsyncProxy(uri) as proxy:
            async with batch(proxy) as b:
                b.add(2, 3)
                b.divide(1, 0)
            assert b.results is not None
            assert next(b.results) == 5
            with pytest.raises(ZeroDivisionError):
                next(b.results)

    asyncio.run(story())


def test_futures_of_calls_and_batches(proxy: Proxy) -> None:
    futures = [proxy._pyro.submit("add", number, b=number) for number in range(20)]
    doubled = proxy._pyro.futures.add(1, 2).then(lambda value: value * 2)
    with batch(proxy) as b:
        b.add(5, 5)
        later = b.submit()
    assert [future.result(PATIENCE_S) for future in futures] == [2 * number for number in range(20)]
    assert doubled.result(PATIENCE_S) == 6
    assert list(later.result(PATIENCE_S)) == [10]
    assert isinstance(proxy._pyro.submit("divide", 1, 0).exception(PATIENCE_S), ZeroDivisionError)


def test_futures_run_at_the_same_time_where_the_server_allows_it() -> None:
    both = threading.Barrier(2, timeout=PATIENCE_S)

    class Meeting:
        @expose
        def meet(self) -> int:
            return both.wait()

    with Daemon() as daemon:
        uri = daemon.register(Meeting())
        daemon.start()
        with Proxy(uri) as proxy:
            futures = [proxy._pyro.submit("meet") for _ in range(2)]
            assert sorted(future.result(PATIENCE_S) for future in futures) == [0, 1]


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("value", [[1, 2], [5], (), {"a": [1]}, "text", None, 3])
def test_c9_a_blob_arrives_with_every_serializer(proxy: Proxy, value: Any) -> None:
    info, data = proxy.blob(Blob("label", value))
    assert (info, as_list(data)) == ("label", as_list(value))


class Dispatcher:
    """Passes blobs on, with a serializer of its own choice."""

    def __init__(self, uri: str, serializer: str) -> None:
        self._uri = uri
        self._settings = ClientSettings(serializer=serializer)
        self.seen: list[Any] = []

    @expose
    def blob(self, blob: Blob) -> Any:
        self.seen.append(blob)
        with Proxy(self._uri, settings=self._settings) as proxy:
            return proxy.blob(blob)


@pytest.mark.parametrize("first", SERIALIZERS)
@pytest.mark.parametrize("second", ["serpent", "json"])
def test_a_blob_is_passed_on(uri: str, first: str, second: str) -> None:
    dispatcher = Dispatcher(uri, second)
    with Daemon(serializers=SERIALIZERS) as daemon:
        there = daemon.register(dispatcher)
        daemon.start()
        with Proxy(there, settings=ClientSettings(serializer=first)) as proxy:
            info, data = proxy.blob(Blob("label", [1, "two", {"a": None}]))
    assert (info, list(data)) == ("label", [1, "two", {"a": None}])
    assert len(dispatcher.seen) == 1


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_c11_a_generator_in_a_batch_is_iterated(serializer: str) -> None:
    class Counter:
        @expose
        def count_to(self, number: int) -> Iterator[int]:
            yield from range(number)

    async def awaited(uri: str) -> None:
        async with AsyncProxy(uri, settings=ClientSettings(serializer=serializer)) as proxy:
            b = batch(proxy)
            b.count_to(3)
            (items,) = await b()
            assert [item async for item in items] == [0, 1, 2]

    with Daemon(serializers=SERIALIZERS) as daemon:
        uri = str(daemon.register(Counter()))
        daemon.start()
        with Proxy(uri, settings=ClientSettings(serializer=serializer)) as proxy:
            b = batch(proxy)
            b.count_to(3)
            b.count_to(2)
            first, second = b()
            assert (next(first), list(second), list(first)) == (0, [0, 1], [1, 2])
        asyncio.run(awaited(uri))
