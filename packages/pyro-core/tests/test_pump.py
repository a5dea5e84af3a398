"""Streams whose items may be long in coming."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from pyro_core.duplex import ENDED, FAILED, MORE, Credit
from pyro_core.errors import ConnectionClosedError
from pyro_core.net import pump as pump_module
from pyro_core.net.pump import Flusher, Pump
from pyro_core.streams import Maker


class Letters:
    """An iterator that keeps nobody waiting."""

    def __init__(self) -> None:
        self.there: deque[Any] = deque()
        self.wake: Callable[[], None] | None = None
        self.asked = threading.Event()
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        raise AssertionError("would wait")

    def when_ready(self, wake: Callable[[], None]) -> bool:
        self.wake = wake
        self.asked.set()
        return bool(self.there)

    def take_many(self, most: int, keep: Callable[[Any], object]) -> None:
        for _ in range(min(most, len(self.there))):
            item = self.there.popleft()
            if isinstance(item, BaseException):
                raise item
            keep(item)

    def put(self, *items: Any) -> None:
        self.there.extend(items)
        assert self.wake is not None
        self.wake()

    def close(self) -> None:
        self.closed.set()


class Wire:
    """Notes what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[int, Any]] = []
        self.more = threading.Condition()
        self.threads: set[int] = set()
        self.broken = False

    def __call__(self, state: int, first: int, items: Any) -> int:
        with self.more:
            self.threads.add(threading.get_ident())
            if self.broken:
                self.more.notify_all()
                raise ConnectionClosedError("gone")
            self.said.append((state, list(items) if state == MORE else items))
            self.more.notify_all()
        return 10

    def items(self) -> list[Any]:
        return [item for state, items in self.said if state == MORE for item in items]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.more:
            assert self.more.wait_for(condition, 10)


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def pump(letters: Letters, wire: Wire) -> Pump:
    return Pump(Maker("s"), letters, wire, Flusher())


def begin(pump: Pump, limit: int = 100) -> None:
    """Give credit, as the connection does."""
    if pump.credit(Credit("s", 0, limit)):
        pump.run()


def test_a_stream_with_nothing_to_send_holds_no_thread(pump: Pump, letters: Letters, wire: Wire) -> None:
    begin(pump)  # which returns
    assert wire.said == []
    letters.put("a")
    wire.wait_for(lambda: wire.items() == ["a"])
    letters.put("b", "c")
    wire.wait_for(lambda: wire.items() == ["a", "b", "c"])
    assert threading.get_ident() not in wire.threads


def test_what_comes_while_it_looks_is_not_overlooked(pump: Pump, letters: Letters, wire: Wire) -> None:
    look = letters.when_ready

    def just_too_early(wake: Callable[[], None]) -> bool:
        answer = look(wake)
        if not wire.said and not letters.there:
            letters.put("a")
        return answer

    letters.when_ready = just_too_early  # type: ignore[method-assign]
    begin(pump)
    wire.wait_for(lambda: wire.items() == ["a"])


def test_credit_is_respected(pump: Pump, letters: Letters, wire: Wire) -> None:
    letters.there.extend("abcdef")
    begin(pump, limit=2)
    assert wire.items() == ["a", "b"]
    letters.wake = pump.wake
    letters.put("g")
    begin(pump, limit=4)
    assert wire.items() == ["a", "b", "c", "d"]


def test_an_error_ends_it(pump: Pump, letters: Letters, wire: Wire) -> None:
    begin(pump)
    error = ValueError("no more")
    letters.put("a", error)
    wire.wait_for(lambda: (FAILED, error) in wire.said)
    assert wire.items() == ["a"]


def test_a_stopped_one_is_closed_and_not_woken(pump: Pump, letters: Letters, wire: Wire) -> None:
    begin(pump)
    pump.stop()
    assert letters.closed.is_set()
    letters.put("a")
    assert not pump.begin()
    assert wire.said == []


def test_what_could_not_be_sent_is_kept_for_another_connection(
    pump: Pump, letters: Letters, wire: Wire
) -> None:
    begin(pump)
    wire.broken = True
    letters.put("a")
    wire.wait_for(lambda: bool(wire.threads))
    with wire.more:
        wire.broken = False
    pump.again()
    wire.wait_for(lambda: wire.items() == ["a"])


def test_many_streams_are_woken_by_two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump_module, "RESUMING_THREADS", 2)
    flusher, wire = Flusher(), Wire()
    streams = [Letters() for _ in range(20)]
    for number, stream in enumerate(streams):
        begin(Pump(Maker(str(number)), stream, wire, flusher))
    for stream in streams:
        stream.put("x")
    wire.wait_for(lambda: len(wire.items()) == 20)
    assert flusher._resuming <= 2


@pytest.mark.parametrize("limit", [1, 7, 1000, 4001])
def test_no_more_items_are_made_than_were_asked_for(wire: Wire, limit: int) -> None:
    numbers = iter(range(10_000))
    begin(Pump(Maker("s"), numbers, wire, Flusher()), limit)
    assert wire.items() == list(range(limit))
    assert next(numbers) == limit


def test_what_is_ready_is_sent_while_the_next_item_takes_long(wire: Wire) -> None:
    seen = threading.Event()

    def items() -> Iterator[int]:
        yield from range(40)
        wire.wait_for(lambda: len(wire.items()) == 40)  # hangs if they wait for the next one
        seen.set()
        yield 40

    begin(Pump(Maker("s"), items(), wire, Flusher()))
    assert seen.is_set()
    assert sum(len(said) for state, said in wire.said) == 41


def test_the_thread_that_looks_after_streams_serves_the_next_one_too(wire: Wire) -> None:
    flusher = Flusher()
    begin(Pump(Maker("s"), iter(range(100)), wire, flusher))
    thread = flusher._thread
    assert thread is not None
    begin(Pump(Maker("s"), iter(range(100)), wire, flusher))
    assert flusher._thread is thread


@pytest.mark.parametrize("quick", range(1, 8))
def test_what_is_ready_is_not_held_back_by_an_item_that_takes_long(wire: Wire, quick: int) -> None:
    go_on = threading.Event()

    def slow_at_last() -> Iterator[int]:
        yield from range(quick)
        assert go_on.wait(10)

    pump = Pump(Maker("s"), slow_at_last(), wire, Flusher())
    thread = threading.Thread(target=begin, args=(pump,))
    thread.start()
    wire.wait_for(lambda: wire.items() == list(range(quick)))
    go_on.set()
    thread.join(10)
    assert (ENDED, []) in wire.said


def test_items_that_are_ready_do_not_wait_for_the_next_one_even_at_the_beginning() -> None:
    answered: SimpleQueue[int] = SimpleQueue()
    wire = Wire()

    def conversation() -> Iterator[int]:
        for number in range(5):
            yield number
            assert answered.get(timeout=10) == number  # who takes the items answers each before it wants more

    running = threading.Thread(target=begin, args=(Pump(Maker("s"), conversation(), wire, Flusher()),))
    running.start()
    for number in range(5):
        wire.wait_for(lambda: number in wire.items())  # noqa: B023 - called before the next turn
        answered.put(number)
    running.join(10)
    assert not running.is_alive()
