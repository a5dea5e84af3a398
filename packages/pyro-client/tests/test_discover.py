"""Several ways to look for a name server, at the same time."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client.discover import first_found
from pyro_core.errors import CommunicationError, PluginError
from pyro_core.plans import Discover

FOUND = "PYRO:Pyro.NameServer@192.0.2.5:9090"


class Ways:
    """What the network answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.release = threading.Event()
        self.broadcast_answer: str | Exception | None = None
        self.mdns_answer: str | Exception | None = None

    def broadcast(self, addresses: Any, port: int, wait_s: float, known: Any) -> list[str]:
        self.asked.append("broadcast")
        if isinstance(self.broadcast_answer, Exception):
            raise self.broadcast_answer
        return [self.broadcast_answer] if self.broadcast_answer else []

    def mdns(self, wait_s: float, known: Any) -> str | None:
        self.asked.append("mdns")
        if self.mdns_answer is None:
            self.release.wait(5)
        if isinstance(self.mdns_answer, Exception):
            raise self.mdns_answer
        return self.mdns_answer


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ways]:
    ways = Ways()
    monkeypatch.setattr("pyro_client.broadcast.ask", ways.broadcast)
    monkeypatch.setattr("pyro_client.mdns.ask", ways.mdns)
    yield ways
    ways.release.set()


def test_nobody_is_asked_if_the_address_that_is_known_answers(ways: Ways) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"PYRO:Pyro.NameServer@127.0.0.1:{server.getsockname()[1]}"
        assert first_found(Discover(("x",), 1, 5.0, places=(place,), mdns=True)) == (place, ())
    assert ways.asked == []


def test_the_first_answer_is_taken_and_the_others_are_not_waited_for(ways: Ways) -> None:
    ways.broadcast_answer = FOUND  # while nobody answers by multicast DNS
    assert first_found(Discover(("x",), 1, 5.0, mdns=True)) == (FOUND, ())


def test_every_way_says_why_it_was_of_no_use(ways: Ways, free_port: int) -> None:
    ways.broadcast_answer = CommunicationError("no route")
    ways.mdns_answer = PluginError("pip install it")
    place = f"PYRO:Pyro.NameServer@127.0.0.1:{free_port}"
    found, reasons = first_found(Discover(("x", "y"), 1, 5.0, places=(place,), mdns=True))
    assert found is None
    told = dict(reasons)
    assert "refused" in told[f"127.0.0.1:{free_port}"]
    assert told["broadcast to x, y port 1"] == "no route"
    assert told["multicast DNS"] == "pip install it"


def test_who_does_not_answer_in_time_is_told_so(ways: Ways) -> None:
    found, reasons = first_found(Discover((), 1, 0.05, mdns=True))
    assert (found, reasons) == (None, (("multicast DNS", "no answer within 0.05 s"),))


def test_an_answer_that_is_known_already_is_not_given_again(ways: Ways) -> None:
    ways.broadcast_answer = FOUND
    assert first_found(Discover(("x",), 1, 0.05, known=(FOUND,)))[0] is None


def test_without_zeroconf_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zeroconf", None)
    _, reasons = first_found(Discover((), 1, 5.0, mdns=True))
    assert "pip install 'pyro-client[mdns]'" in dict(reasons)["multicast DNS"]
