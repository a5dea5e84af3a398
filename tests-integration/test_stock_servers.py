"""Our clients call servers of both stock generations, and find out by themselves which one it is."""

import asyncio
import zlib
from collections.abc import Iterator
from uuid import UUID

import processes
import pytest
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy
from pyro_core import context
from pyro_core.errors import ConnectionRejected, DaemonError, RemoteError
from pyro_core.settings import ClientSettings

SERIALIZERS = ["serpent", "json", "marshal", "msgpack"]


@pytest.fixture(scope="module", params=["4-thread", "4-multiplex", "5-thread", "5-multiplex"])
def stock_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    generation, _, servertype = request.param.partition("-")
    with processes.server(
        "stock_server.py", generation, python=stock_python(), env={"PYRO_SERVERTYPE": servertype}
    ) as uri:
        yield uri


@pytest.fixture(params=SERIALIZERS)
def proxy(request: pytest.FixtureRequest, stock_uri: str) -> Iterator[Proxy]:
    with Proxy(stock_uri, settings=ClientSettings(serializer=request.param)) as proxy:
        proxy._pyro.timeout_s = 20
        yield proxy


def test_calls_with_positional_and_keyword_arguments(proxy: Proxy) -> None:
    assert proxy.add(2, 3) == 5
    assert proxy.add(2, b=5) == 7
    assert proxy.echo({"a": [1, 2.5, True, None], "b": "h\xe9\u20ac"}) == {
        "a": [1, 2.5, True, None],
        "b": "h\xe9\u20ac",
    }


def test_attributes_are_read_and_written(proxy: Proxy) -> None:
    assert proxy.value == 17
    proxy.value = 99
    assert proxy.value == 99
    proxy.value = 17


def test_an_exception_brings_its_remote_traceback(proxy: Proxy) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        proxy.divide(1, 0)
    assert any("ZeroDivisionError" in line for line in caught.value._pyroTraceback)  # type: ignore[attr-defined]


def test_an_exception_of_an_unknown_class_keeps_its_name_text_and_connection(proxy: Proxy) -> None:
    with pytest.raises(RemoteError, match="OutOfPaper: tray 2 is empty") as caught:
        proxy.fail_with_own_class()
    assert "OutOfPaper" in caught.value.remote_traceback
    assert proxy._pyro.connected
    assert proxy.add(1, 1) == 2


def test_oneway_calls_are_executed_and_give_none(proxy: Proxy) -> None:
    assert proxy.note("hello") is None
    assert proxy.wait_for_note() == "hello"


def test_an_item_stream_is_iterated_and_closed(proxy: Proxy) -> None:
    assert list(proxy.count_to(4)) == [1, 2, 3, 4]
    assert proxy.wait_for_close()
    items = proxy.count_to(1000)
    assert next(items) == 1
    items.close()
    assert proxy.wait_for_close()


def test_metadata_tells_methods_oneways_and_attributes(proxy: Proxy) -> None:
    proxy._pyro.bind()
    assert {"add", "echo", "note"} <= proxy._pyro.metadata.methods
    assert proxy._pyro.metadata.oneway == {"note"}
    assert proxy._pyro.metadata.attrs == {"value"}


def test_a_member_that_does_not_exist_is_refused_without_a_round_trip(proxy: Proxy) -> None:
    proxy._pyro.bind()
    with pytest.raises(AttributeError, match="'teleport'"):
        proxy.teleport()


def test_ping(proxy: Proxy) -> None:
    proxy._pyro.bind()
    proxy._pyro.ping()
    assert proxy.add(1, 1) == 2


def test_annotations_travel_both_ways_and_the_offer_disturbs_nobody(proxy: Proxy) -> None:
    with context.outgoing({"TEST": b"from the client"}) as block:
        assert proxy.annotations() == {"TEST": "from the client"}
    assert block.response_annotations["RESP"] == b"from the server"


def test_the_correlation_id_reaches_the_server(proxy: Proxy) -> None:
    with context.outgoing(correlation_id=UUID("11112222-3333-4444-5555-666677778888")):
        assert proxy.correlation() == "11112222-3333-4444-5555-666677778888"


def test_a_compressed_request_is_understood(stock_uri: str) -> None:
    text = "long " * 5000
    assert len(zlib.compress(text.encode())) < len(text)
    with Proxy(stock_uri, settings=ClientSettings(compression=True)) as proxy:
        assert proxy.echo(text) == text


def test_an_unknown_object_is_reported_in_the_servers_words(stock_uri: str) -> None:
    with (
        Proxy(stock_uri.replace("PYRO:thing@", "PYRO:nobody@")) as proxy,
        pytest.raises((ConnectionRejected, DaemonError), match="unknown object"),
    ):
        proxy._pyro.bind()


def test_the_asyncio_client_does_the_same(stock_uri: str) -> None:
    async def story() -> None:
        async with AsyncProxy(stock_uri) as proxy:
            assert await proxy.add(2, 3) == 5
            assert await proxy.value == 17
            assert await proxy._pyro.get("value") == 17
            with pytest.raises(ZeroDivisionError):
                await proxy.divide(1, 0)
            assert await proxy.add(1, 1) == 2

    asyncio.run(story())
