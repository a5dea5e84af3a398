"""Batches of calls against a scripted server."""

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pyro_client import AsyncProxy, Proxy
from pyro_client.batches import Batch, batch, checked_results
from pyro_core import context
from pyro_core.calls import StreamHandle
from pyro_core.convert import BatchFailure
from pyro_core.errors import ConnectionClosedError, ProtocolError, RemoteError
from pyro_core.settings import ClientSettings
from pyro_core.wire.message import BATCH, ONEWAY

FUNCTIONS: dict[str, Any] = {
    "add": lambda a, b=1: a + b,
    "echo": lambda value: value,
    "divide": lambda a, b: a // b,
    "end": lambda: next(iter(())),
    "leave": lambda: exec("raise SystemExit(3)"),
}


def run_batch(peer: Any, call: Any) -> None:
    results: list[Any] = []
    for method, args, kwargs in call.args:
        try:
            results.append(FUNCTIONS[method](*args, **kwargs))
        except BaseException as error:
            results.append(BatchFailure(error))
            break
    if not peer.server.requests[-1].flags & ONEWAY:
        peer.reply(results, flags=BATCH)
    peer.server.noted.set()


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    server.metadata = {"methods": sorted(FUNCTIONS), "oneway": [], "attrs": ["x"]}
    server.scripts["<batch>"] = run_batch
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def test_results_come_in_the_order_of_the_calls_and_in_one_message(proxy: Proxy, server: Any) -> None:
    b = batch(proxy)
    assert b.add(1, 2) is None
    b.add(5, b=6)
    b.echo("x")
    results = b()
    assert list(results) == [3, 11, "x"]
    assert list(results) == []
    assert [(call.method, call.kwargs) for call in server.calls] == [("<batch>", None)]
    assert [message.flags for message in server.requests] == [BATCH]


def test_a_sent_batch_is_empty_and_can_be_used_again(proxy: Proxy, server: Any) -> None:
    b = batch(proxy)
    b.add(1, 1)
    assert (len(b), bool(b)) == (1, True)
    assert list(b()) == [2]
    assert (len(b), bool(b)) == (0, True)
    assert list(b()) == []
    b.add(1, 2)
    assert list(b()) == [3]
    assert len(server.calls) == 2


def test_a_failed_call_raises_at_its_place_and_ends_the_results(proxy: Proxy) -> None:
    b = batch(proxy)
    b.add(1, 1)
    b.divide(1, 0)
    b.add(2, 2)
    results = b()
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        next(results)
    with pytest.raises(StopIteration):
        next(results)
    b.add(1, 1)
    assert list(b()) == [2]


@pytest.mark.parametrize("name", ["end", "leave"])
def test_what_would_end_the_loop_or_the_process_arrives_as_a_remote_error(proxy: Proxy, name: str) -> None:
    b = batch(proxy)
    getattr(b, name)()
    with pytest.raises(RemoteError):
        list(b())


def test_a_oneway_batch_gives_none(proxy: Proxy, server: Any) -> None:
    b = batch(proxy)
    b.add(1, 1)
    assert b(oneway=True) is None
    assert server.noted.wait(10)
    assert server.requests[-1].flags == BATCH | ONEWAY
    assert b(oneway=True) is None
    assert len(server.requests) == 1


def test_a_submitted_batch_gives_a_future_of_the_results(proxy: Proxy) -> None:
    b = batch(proxy)
    b.add(1, 1)
    b.divide(1, 0)
    future = b.submit()
    assert len(b) == 0
    results = future.result(10)
    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_unknown_name_is_refused_at_once_if_the_members_are_known(proxy: Proxy, server: Any) -> None:
    proxy._pyro.bind()
    b = proxy._pyro.batch()
    with pytest.raises(AttributeError, match="did you mean 'add'"):
        b.ad(1)
    with pytest.raises(AttributeError, match="'x' is an attribute of the remote object and no method"):
        b.x()
    with pytest.raises(AttributeError, match="no exposed attribute or method 'fly'"):
        b._pyro_call("fly")
    assert {"add", "submit"} <= set(dir(b))


def test_nothing_connects_before_it_is_sent(proxy: Proxy, server: Any) -> None:
    b = batch(proxy)
    b.anything(1)
    with pytest.raises(AttributeError, match="private"):
        b._private  # noqa: B018
    assert repr(b) == f"<pyro_client.batches.Batch of 1 call for {server.uri}>"
    assert not hasattr(b, "__wrapped__")
    assert server.connects == []


def test_methods_with_the_batchs_own_names_can_be_called(proxy: Proxy, server: Any) -> None:
    server.metadata["methods"].append("submit")
    b = batch(proxy)
    b._pyro_call("submit", "method", a=1)
    b._pyro_call("add", 1, b=2)
    assert b._take() == [["submit", ["method"], {"a": 1}], ["add", [1], {"b": 2}]]


def test_the_with_block_sends_at_its_end(proxy: Proxy, server: Any) -> None:
    with batch(proxy) as b:
        b.add(1, 2)
        b.add(3, 4)
        assert b.results is None
        assert server.calls == []
    assert b.results is not None
    assert list(b.results) == [3, 7]


def test_a_with_block_that_fails_sends_nothing(proxy: Proxy, server: Any) -> None:
    b = batch(proxy)
    with pytest.raises(KeyError), b:
        b.add(1, 2)
        raise KeyError
    assert len(b) == 0
    assert server.calls == []


def test_a_copy_goes_its_own_way(proxy: Proxy) -> None:
    b = batch(proxy)
    b.add(1, 1)
    twin = copy.copy(b)
    twin.add(2, 2)
    assert (len(b), len(twin)) == (1, 2)
    assert list(twin()) == [2, 4]


def test_item_streams_among_the_results_are_iterated(proxy: Proxy, server: Any) -> None:
    for rules in (proxy._pyro._profile.rules, server.rules):
        rules.register_class_to_dict(StreamHandle, lambda handle: {"id": handle.stream_id})
        rules.register_dict_to_class(
            "pyro_core.calls.StreamHandle", lambda tag, wire: StreamHandle(wire["id"])
        )
    items = iter([10, 20])

    def item(peer: Any, call: Any) -> None:
        try:
            peer.reply(next(items))
        except StopIteration as end:
            peer.fail(end)

    server.scripts["get_next_stream_item"] = item
    b = batch(proxy)
    b.echo(StreamHandle("s1"))
    b.echo(1)
    stream, one = b()
    assert one == 1
    assert list(stream) == [10, 20]


def test_a_batch_is_never_repeated(server: Any, settings: ClientSettings) -> None:
    server.scripts["<batch>"] = lambda peer, call: peer.hang_up()
    with Proxy(server.uri, settings=replace(settings, max_retries=5)) as proxy:
        b = batch(proxy)
        b.add(1, 1)
        with pytest.raises(ConnectionClosedError):
            b()
    assert len(server.calls) == 1


def test_annotations_travel_with_a_batch_and_its_answer(proxy: Proxy, server: Any) -> None:
    server.scripts["<batch>"] = lambda peer, call: peer.reply([2], flags=BATCH, annotations={"RESP": b"r"})
    b = batch(proxy)
    b.add(1, 1)
    with context.outgoing({"TEST": b"t"}) as block:
        assert list(b()) == [2]
    assert dict(server.requests[0].annotations) == {"TEST": b"t"}
    assert dict(block.response_annotations) == {"RESP": b"r"}


@pytest.mark.parametrize("results", [[1], [1, 2, 3], None, "ab", [BatchFailure(ValueError()), 1, 2]])
def test_answers_that_do_not_fit_are_refused(results: Any) -> None:
    with pytest.raises(ProtocolError, match="a batch of 2 calls must be a list of 2 results"):
        checked_results(results, 2)


def test_only_proxies_have_batches() -> None:
    with pytest.raises(TypeError, match="got 'text'"):
        batch("text")  # type: ignore[call-overload]


def test_asyncio_batches(proxy: Proxy, server: Any, settings: ClientSettings) -> None:
    async def story() -> None:
        async with AsyncProxy(server.uri, settings=settings) as proxy:
            b = batch(proxy)
            b.add(1, 2)
            b.divide(1, 0)
            assert len(b) == 2
            results = await b()
            assert len(b) == 0
            assert next(results) == 3
            with pytest.raises(ZeroDivisionError):
                next(results)
            b.add(1, 1)
            under_way = asyncio.create_task(b())
            b.add(2, 2)
            assert list(await under_way) == [2]
            assert [result for result in await copy.copy(b)()] == [4]
            assert await b(oneway=True) is None
            async with proxy._pyro.batch() as b:
                b.add(5, 5)
            assert list(b.results) == [10]
            with pytest.raises(AttributeError, match="did you mean 'add'"):
                b.ad(1)
            assert "AsyncBatch of 0 calls" in repr(b)

    asyncio.run(story())


def test_an_asyncio_batch_is_never_repeated(server: Any, settings: ClientSettings) -> None:
    server.scripts["<batch>"] = lambda peer, call: peer.hang_up()

    async def story() -> None:
        async with AsyncProxy(server.uri, settings=replace(settings, max_retries=5)) as proxy:
            b = batch(proxy)
            b.add(1, 1)
            with pytest.raises(ConnectionClosedError):
                await b()

    asyncio.run(story())
    assert len(server.calls) == 1


def test_the_type_of_a_batch_is_that_of_the_proxy(proxy: Proxy) -> None:
    assert type(batch(proxy)) is Batch
