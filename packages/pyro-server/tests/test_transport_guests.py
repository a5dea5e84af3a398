"""Which guest is called when, with pipes for sockets."""

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pyro_server.transports.guests import Guests
from pyro_server.transports.poller import READABLE, EpollPoller, Poller, SelectorPoller


class Pipe:
    """A guest with one socket, which is readable after ``knock``."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.sockets: list[Any] = [self]
        self.patience_s = math.inf
        self.calls: list[list[Any]] = []
        self.error: Exception | None = None

    def fileno(self) -> int:
        return self.reader

    def knock(self) -> None:
        os.write(self.writer, b"!")

    def joined(self, driver: Any) -> None:
        raise AssertionError("that is the daemon's to call")

    def events(self, ready: Sequence[Any]) -> None:
        self.calls.append(list(ready))
        if self.error:
            raise self.error


@pytest.fixture(params=[EpollPoller, SelectorPoller])
def poller(request: pytest.FixtureRequest) -> Iterator[Poller]:
    poller: Poller = request.param()
    yield poller
    poller.close()


@pytest.fixture
def pipes() -> Iterator[list[Pipe]]:
    pipes = [Pipe(), Pipe()]
    yield pipes
    for pipe in pipes:
        os.close(pipe.writer)
        os.close(pipe.reader)


def turn(poller: Poller, guests: Guests) -> list[bool]:
    guests.watch()
    handled = [guests.ready(fd) for fd, _ in poller.wait(0)]
    guests.tick()
    return handled


def test_whoever_has_something_to_read_is_called(poller: Poller, pipes: list[Pipe]) -> None:
    guests = Guests(poller)
    for pipe in pipes:
        guests.add(pipe)
    pipes[1].knock()
    assert turn(poller, guests) == [True]
    assert (pipes[0].calls, pipes[1].calls) == ([], [[pipes[1]]])
    assert guests.ready(pipes[0].writer) is False  # not a guest's


def test_a_descriptor_that_a_guest_closed_belongs_to_who_gets_it_next(poller: Poller) -> None:
    class Leaving(Pipe):
        def events(self, ready: Sequence[Any]) -> None:
            os.close(self.reader)
            self.sockets = []

    guests, guest, other = Guests(poller), Leaving(), Pipe()
    guests.add(guest)
    guest.knock()
    assert turn(poller, guests) == [True]
    assert os.dup2(other.reader, guest.reader) == guest.reader
    poller.add(guest.reader, READABLE)
    other.knock()
    assert turn(poller, guests) == [False]
    poller.remove(guest.reader)
    for descriptor in (guest.reader, guest.writer, other.reader, other.writer):
        os.close(descriptor)


def test_sockets_that_come_and_go_are_followed(poller: Poller, pipes: list[Pipe]) -> None:
    guests = Guests(poller)
    guest, other = pipes
    guests.add(guest)
    guest.sockets = [guest, other]
    other.knock()
    assert turn(poller, guests) == [True]
    guest.sockets = [guest]
    assert turn(poller, guests) == []
    assert guest.calls == [[other]]


def test_a_guest_that_left_is_not_called(poller: Poller, pipes: list[Pipe]) -> None:
    guests = Guests(poller)
    guest, other = pipes
    guests.add(guest)
    guests.add(other)
    guest.knock()
    guests.watch()
    guests.remove(guest)
    assert poller.wait(0) == []
    assert list(guests) == [other]
    guests.clear()
    assert not guests


def test_the_most_impatient_decides_and_is_called_in_time(poller: Poller, pipes: list[Pipe]) -> None:
    guests = Guests(poller)
    guest, other = pipes
    guests.add(guest)
    guests.add(other)
    assert guests.patience_s(5.0) == 5.0
    guest.patience_s = 0.0
    assert guests.patience_s(5.0) == 0.0
    turn(poller, guests)
    assert (guest.calls, other.calls) == ([[]], [])


def test_a_guest_that_fails_is_logged_and_dropped(
    poller: Poller, pipes: list[Pipe], caplog: pytest.LogCaptureFixture
) -> None:
    guests = Guests(poller)
    guest, other = pipes
    guest.error = RuntimeError("no")
    guests.add(guest)
    guests.add(other)
    guest.knock()
    turn(poller, guests)
    assert list(guests) == [other]
    assert "not driven by this loop any more" in caplog.text


def test_sockets_that_were_closed_behind_its_back_harm_nobody(poller: Poller) -> None:
    guests = Guests(poller)
    guest = Pipe()
    guests.add(guest)
    guests.watch()
    os.close(guest.writer)
    os.close(guest.reader)
    guests.remove(guest)
    assert turn(poller, guests) == []
