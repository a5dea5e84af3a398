"""Iterating over what a remote generator yields."""

from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_client.streams import RemoteIterator
from pyro_core.errors import ConnectionClosedError, PyroError, SerializeError
from pyro_core.settings import ClientSettings


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    items = iter([1, 2])

    def next_item(peer: Any, call: Any) -> None:
        item = next(items, None)
        peer.fail(StopIteration()) if item is None else peer.reply(item)

    server.scripts["echo"] = lambda peer, call: peer.stream("stream-1")
    server.scripts["get_next_stream_item"] = next_item
    server.scripts["close_stream"] = lambda peer, call: server.noted.set()
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def test_a_returned_iterator_is_iterated_item_by_item(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    assert isinstance(items, RemoteIterator)
    assert items.stream_id == "stream-1"
    assert list(items) == [1, 2]
    assert items.stream_id is None
    assert next(items, "ended") == "ended"
    assert [call.object_id for call in server.calls] == ["thing"] + ["Pyro.Daemon"] * 3
    assert server.calls[1] == ("Pyro.Daemon", "get_next_stream_item", ("stream-1",), {})


def test_the_direct_path_gives_an_iterator_too(proxy: Proxy) -> None:
    proxy.add(1, 1)
    assert list(proxy.echo()) == [1, 2]


def test_closing_tells_the_server_without_waiting(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    with items:
        assert next(items) == 1
    items.close()
    assert server.noted.wait(10)
    assert [call.method for call in server.calls].count("close_stream") == 1
    assert server.requests[-1].flags == 4
    assert list(items) == []


def test_closing_on_a_released_proxy_makes_no_connection(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    proxy._pyro.release()
    items.close()
    assert len(server.connects) == 1


def test_a_stream_outlives_its_connection(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    assert next(items) == 1
    proxy._pyro.release()
    assert next(items) == 2
    assert len(server.connects) == 2


def test_an_error_of_the_remote_generator_ends_it(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    server.scripts["get_next_stream_item"] = lambda peer, call: peer.fail(ValueError("broken generator"))
    with pytest.raises(ValueError, match="broken generator"):
        next(items)
    assert list(items) == []


def test_a_lost_connection_or_a_strange_item_does_not_end_it(proxy: Proxy, server: Any) -> None:
    items = proxy.echo()
    good = server.scripts["get_next_stream_item"]
    server.scripts["get_next_stream_item"] = lambda peer, call: peer.hang_up()
    with pytest.raises(ConnectionClosedError):
        next(items)
    server.scripts["get_next_stream_item"] = lambda peer, call: peer.reply({"__class__": "unknown"})
    with pytest.raises(SerializeError):
        next(items)
    server.scripts["get_next_stream_item"] = good
    assert list(items) == [1, 2]


def test_items_are_never_asked_for_twice(proxy: Proxy, server: Any) -> None:
    """A repeated question would lose an item."""
    proxy._pyro.max_retries = 5
    items = proxy.echo()
    server.scripts["get_next_stream_item"] = lambda peer, call: peer.hang_up()
    with pytest.raises(ConnectionClosedError):
        next(items)
    assert [call.method for call in server.calls] == ["echo", "get_next_stream_item"]


def test_a_server_that_does_not_allow_streams_is_an_error(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.stream(None)
    with pytest.raises(PyroError, match="not configured to allow streaming"):
        proxy.echo()
    assert proxy.add(1, 1) == 2
    assert len(server.connects) == 1
