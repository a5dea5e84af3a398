"""Calls whose argument stays serialized, against a scripted server."""

import asyncio
import copy
import marshal
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import AsyncProxy, Blob, Proxy, batch
from pyro_client.blob import MAX_INFO_BITS, MAX_INFO_DEPTH, encode_blob, encode_info
from pyro_core import plugins
from pyro_core.convert import ClassRules
from pyro_core.errors import MessageTooLarge, SerializeError
from pyro_core.serializer import Serializer
from pyro_core.settings import ClientSettings
from pyro_core.wire.message import KEEP_SERIALIZED, ONEWAY


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def plain(version: int = 502, name: str = "plain") -> Serializer:
    serializer: Serializer = plugins.serializers().load(name)(ClassRules().for_version(version))
    return serializer


def test_a_blob_is_announced_and_sent_in_place_of_the_arguments(proxy: Proxy, server: Any) -> None:
    for _ in range(2):  # the second goes over an open connection
        proxy.echo(Blob("info", [1, 2]))
    for request in server.requests:
        assert request.flags == KEEP_SERIALIZED
        assert marshal.loads(request.annotations["BLBI"]) == ("info", "thing", "echo")
    assert [tuple(call) for call in server.calls] == [("thing", "echo", [1, 2], {})] * 2


def test_asyncio_proxies_send_blobs_too(server: Any, settings: ClientSettings) -> None:
    async def story() -> None:
        async with AsyncProxy(server.uri, settings=settings) as proxy:
            assert await proxy.echo(Blob(None, [7])) == 7

    asyncio.run(story())
    assert server.requests[0].flags == KEEP_SERIALIZED


def test_a_oneway_method_takes_a_blob(proxy: Proxy, server: Any) -> None:
    assert proxy.note(Blob("info", ["x"])) is None
    assert server.noted.wait(10)
    assert server.requests[0].flags == KEEP_SERIALIZED | ONEWAY


def test_an_old_server_gets_blobs_in_its_version(proxy: Proxy, server: Any) -> None:
    server.speaks = 48
    proxy.echo(Blob("info", [1]))
    assert server.requests[0].version == 48
    assert server.requests[0].flags == KEEP_SERIALIZED


@pytest.mark.parametrize("value", [[1], (), {"a": 1}, "text", None, 5])
def test_any_value_can_be_in_a_blob(value: Any) -> None:
    payload, _ = encode_blob(plain(), "o", "m", (Blob("info", value),), {})
    assert Blob("info", payload, plain()).deserialized() == value


def test_a_received_blob_is_passed_on_as_it_is(proxy: Proxy, server: Any) -> None:
    received = Blob("info", b"('first', 'add', [1, 2], {})", plain())
    proxy.echo(received)
    assert [tuple(call) for call in server.calls] == [("first", "add", [1, 2], {})]
    assert marshal.loads(server.requests[0].annotations["BLBI"]) == ("info", "thing", "echo")


@pytest.mark.parametrize("serializer", [plain(48), plain(name="modern")])
def test_a_received_blob_is_encoded_anew_for_another_format(serializer: Serializer) -> None:
    received = Blob("info", b"('first', 'hop', [1, 2], {})", serializer)
    payload, _ = encode_blob(plain(), "o", "m", (received,), None)
    assert payload == b"('o', 'm', [1, 2], {})"


def test_a_received_blob_is_encoded_anew_for_faithful_types() -> None:
    class Faithful(type(plain())):  # type: ignore[misc]
        def faithful(self) -> Serializer:
            return twin

    twin: Any = type(plain())(plain().codec)
    faithless = Faithful(plain().codec)
    twin.__class__ = Faithful
    received = Blob("info", b"('first', 'hop', [1, 2], {})", faithless)
    assert encode_blob(faithless, "o", "m", (received,), None)[0].startswith(b"('first'")
    assert encode_blob(twin, "o", "m", (received,), None)[0].startswith(b"('o'")


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((Blob("a", 1), 2), {}),
        ((1, Blob("a", 1)), {}),
        ((Blob("a", 1),), {"a": 1}),
        (([Blob("a", 1)],), {}),
        ((), {"a": Blob("a", 1)}),
    ],
)
def test_a_blob_is_the_only_argument_or_an_error(
    proxy: Proxy, server: Any, args: Any, kwargs: dict[str, Any]
) -> None:
    for _ in range(2):
        with pytest.raises(SerializeError, match="must be the only argument"):
            proxy.echo(*args, **kwargs)
    b = batch(proxy)
    b.echo(Blob("a", 1))
    with pytest.raises(SerializeError, match="must be the only argument"):
        b()
    assert server.calls == []
    assert proxy.add(1, 1) == 2


def nested(depth: int) -> Any:
    return () if depth == 0 else (nested(depth - 1),)


@pytest.mark.parametrize(
    "info",
    [
        None,
        True,
        0,
        -(2**70),
        pytest.param((1 << MAX_INFO_BITS) - 1, id="large"),
        1.5,
        "käse",
        "x" * 300,
        b"bytes",
        (),
        (1, ("a", b"b", (None,))),
        tuple(range(300)),
        nested(MAX_INFO_DEPTH - 1),
    ],
)
def test_the_info_is_written_as_stock_peers_read_it(info: Any) -> None:
    assert marshal.loads(encode_info(info, "thing", "method")) == (info, "thing", "method")


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ([1], "a list"),
        (({},), "a dict"),
        (plain(), "a PlainSerializer"),
        ("\ud800", "no Unicode"),
        pytest.param(1 << MAX_INFO_BITS, f"more than {MAX_INFO_BITS} bits", id="large"),
        (nested(MAX_INFO_DEPTH), f"nested more than {MAX_INFO_DEPTH} deep"),
    ],
)
def test_an_info_that_not_everybody_reads_is_refused(info: Any, text: str) -> None:
    with pytest.raises(SerializeError, match=text):
        encode_info(info, "thing", "method")


def test_an_info_larger_than_the_protocol_takes_is_an_error_and_keeps_the_connection(
    proxy: Proxy, server: Any
) -> None:
    server.speaks = 48
    with pytest.raises(MessageTooLarge, match="BLBI"):
        proxy.echo(Blob("x" * 70_000, [1]))
    assert proxy.add(1, 1) == 2
    assert len(server.connects) == 2  # one of them to find out the version


def test_a_blob_can_be_copied_and_pickled() -> None:
    blob = Blob("info", [1])
    assert copy.copy(blob) == pickle.loads(pickle.dumps(blob)) == blob
