import threading
from collections.abc import Iterator

import pytest

from pyro_core.errors import PyroError
from pyro_server.streams import StreamTable


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Items:
    """A generator whose end can be seen."""

    def __init__(self, count: int = 3) -> None:
        self.finished = False
        self.items = self._make(count)

    def _make(self, count: int) -> Iterator[int]:
        try:
            yield from range(count)
        finally:
            self.finished = True


def table(clock: Clock | None = None, **settings: float) -> StreamTable:
    return StreamTable(max_streams=2, clock=clock or Clock(), **settings)


def test_items_come_one_by_one_until_the_end() -> None:
    streams = table()
    stream_id = streams.open(iter("ab"), "me")
    assert len(stream_id) == 36
    assert [streams.next_item(stream_id, "me") for _ in range(2)] == ["a", "b"]
    with pytest.raises(StopIteration):
        streams.next_item(stream_id, "me")
    assert len(streams) == 0
    with pytest.raises(PyroError, match="item stream terminated"):
        streams.next_item(stream_id, "me")


def test_an_error_ends_the_stream() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("at the second")

    streams = table()
    stream_id = streams.open(failing(), "me")
    assert streams.next_item(stream_id, "me") == 1
    with pytest.raises(ZeroDivisionError):
        streams.next_item(stream_id, "me")
    assert len(streams) == 0


def test_closing_runs_the_generators_last_lines() -> None:
    streams = table()
    items = Items()
    stream_id = streams.open(items.items, "me")
    streams.next_item(stream_id, "me")
    streams.close(stream_id)
    assert items.finished
    streams.close(stream_id)


def test_a_closing_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def stubborn() -> Iterator[int]:
        try:
            yield 1
        finally:
            raise RuntimeError("cannot let go")

    streams = table()
    stream_id = streams.open(stubborn(), "me")
    streams.next_item(stream_id, "me")
    streams.close(stream_id)
    assert "cannot let go" in caplog.text


def test_at_most_so_many_streams_are_open() -> None:
    """Limit ``max_streams``: two are fine, the third is not."""
    streams = table()
    streams.open(iter(()), "me")
    last = streams.open(iter(()), "me")
    items = Items()
    with pytest.raises(PyroError, match=r"too many item streams are open \(2\)"):
        streams.open(items.items, "me")
    streams.close(last)
    streams.open(iter(()), "me")


def test_a_stream_lingers_after_its_connection_and_can_be_taken_up_by_another() -> None:
    """A15: on the given monotonic clock only."""
    clock = Clock()
    streams = table(clock, linger_s=30)
    kept, lost = streams.open(iter("ab"), "me"), streams.open(Items().items, "me")
    streams.disconnected("me")
    clock.now += 29.9
    assert streams.next_item(kept, "another") == "a"
    streams.expire()
    assert len(streams) == 2
    clock.now += 0.1
    streams.expire()
    assert len(streams) == 1
    assert streams.next_item(kept, "another") == "b"
    with pytest.raises(PyroError, match="terminated"):
        streams.next_item(lost, "me")


def test_a_stream_whose_time_is_over_gives_nothing_more_even_before_it_is_swept() -> None:
    clock = Clock()
    streams = table(clock, lifetime_s=10)
    items = Items()
    stream_id = streams.open(items.items, "me")
    clock.now += 9.9
    assert streams.next_item(stream_id, "me") == 0
    clock.now += 0.1
    with pytest.raises(PyroError, match="terminated"):
        streams.next_item(stream_id, "me")
    assert items.finished


def test_without_lingering_the_stream_ends_with_its_connection() -> None:
    streams = table(linger_s=0)
    items = Items()
    stream_id = streams.open(items.items, "me")
    streams.next_item(stream_id, "me")
    streams.disconnected("somebody else")
    assert len(streams) == 1
    streams.disconnected("me")
    assert items.finished


def test_closing_a_stream_that_is_at_work_does_not_wait_for_it() -> None:
    begun, go_on = threading.Event(), threading.Event()
    finished = threading.Event()

    def slow() -> Iterator[int]:
        try:
            begun.set()
            go_on.wait(10)
            yield 1
            yield 2
        finally:
            finished.set()

    streams = table()
    stream_id = streams.open(slow(), "me")
    seen: list[int] = []
    taker = threading.Thread(target=lambda: seen.append(streams.next_item(stream_id, "me")))
    taker.start()
    assert begun.wait(10)
    streams.close(stream_id)
    go_on.set()
    taker.join(10)
    assert seen == [1]
    assert finished.wait(10)


def test_clearing_ends_all_streams() -> None:
    streams = table()
    items = Items()
    streams.next_item(streams.open(items.items, "me"), "me")
    streams.open(iter(()), "me")
    streams.clear()
    assert len(streams) == 0
    assert items.finished
