"""Remote iterators and generators. See ``docs/reference/client-chapter.md``."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from time import monotonic
from typing import Any

import pytest
from chapter_daemons import PATIENCE_S, serving

from pyro_client import Proxy, PyroError
from pyro_core.settings import Timeouts
from pyro_core.streams import WINDOW_ITEMS
from pyro_server import expose


@expose
class Things:
    def __init__(self) -> None:
        self.made: list[int] = []
        self.ended = threading.Event()

    def listed(self) -> list[int]:
        return [1, 2, 3]

    def iterated(self) -> Iterator[int]:
        return iter([1, 2, 3])

    def generated(self) -> Iterator[int]:
        yield from self.listed()

    def endless(self) -> Iterator[int]:
        try:
            for number in count():
                self.made.append(number)
                yield number
        finally:
            self.ended.set()

    def failing(self) -> Iterator[int]:
        yield 1
        raise LookupError("no more")


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.mark.parametrize("method", ["listed", "iterated", "generated"])
@pytest.mark.parametrize("servertype", ["threaded", "multiplex"])
def test_lists_iterators_and_generators_are_looped_over_alike(
    things: Things, method: str, servertype: str
) -> None:
    with serving(things, servertype=servertype) as uri, Proxy(uri) as proxy:
        assert list(getattr(proxy, method)()) == [1, 2, 3]


def test_items_are_made_when_they_are_wanted_so_that_there_may_be_no_end(things: Things) -> None:
    with serving(things) as uri, Proxy(uri) as proxy:
        assert list(islice(proxy.endless(), 5)) == [0, 1, 2, 3, 4]
        assert things.made[:5] == [0, 1, 2, 3, 4]
        assert len(things.made) <= 5 + WINDOW_ITEMS  # what was made ahead has a limit


def test_an_error_in_a_generator_arrives_where_it_happened(things: Things) -> None:
    with serving(things) as uri, Proxy(uri) as proxy:
        items = proxy.failing()
        assert next(items) == 1
        with pytest.raises(LookupError, match="no more"):
            next(items)


def test_streaming_can_be_switched_off(things: Things) -> None:
    with serving(things, streaming=False) as uri, Proxy(uri) as proxy:
        with pytest.raises(PyroError, match="not configured to allow streaming"):
            proxy.generated()
        assert proxy.listed() == [1, 2, 3]


def exhausted(items: Any) -> None:
    """Take items until the server has none any more: what it sent ahead is allowed."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        next(items)


def test_a_stream_can_be_given_a_lifetime(things: Things) -> None:
    with serving(things, stream_lifetime_s=0.05) as uri, Proxy(uri) as proxy:
        items = proxy.endless()
        with pytest.raises(PyroError, match="stream"):
            exhausted(items)


def test_a_stream_goes_on_after_reconnecting(things: Things) -> None:
    with serving(things, stream_linger_s=30.0) as uri, Proxy(uri) as proxy:
        items = proxy.endless()
        assert next(items) == 0
        proxy._pyro.reconnect()
        assert list(islice(items, 3)) == [1, 2, 3]


@pytest.mark.parametrize("linger_s", [0.0, 0.05])
def test_a_stream_is_gone_when_its_time_without_a_connection_is_over(things: Things, linger_s: float) -> None:
    quick = replace(Timeouts(), housekeeping_s=0.05)
    with serving(things, stream_linger_s=linger_s, timeouts=quick) as uri, Proxy(uri) as proxy:
        items = proxy.endless()
        assert next(items) == 0
        proxy._pyro.release()
        assert things.ended.wait(PATIENCE_S)
        proxy._pyro.reconnect()
        with pytest.raises(PyroError, match="stream"):
            exhausted(items)
