"""The discovery question, asked on loopback only."""

import socket
import threading
from collections.abc import Iterator

import pytest

from pyro_client import broadcast
from pyro_core.errors import CommunicationError

NAME_SERVER = b"PYRO:Pyro.NameServer@127.0.0.1:9090"


@pytest.fixture
def responder() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def answer(sock: socket.socket, *datagrams: bytes) -> threading.Thread:
    def work() -> None:
        question, sender = sock.recvfrom(100)
        assert question == b"GET_NSURI"
        for datagram in datagrams:
            sock.sendto(datagram, sender)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_first_that_answers_is_told(responder: socket.socket) -> None:
    thread = answer(responder, NAME_SERVER)
    assert broadcast.ask(["127.0.0.1"], responder.getsockname()[1], 5) == [NAME_SERVER.decode()]
    thread.join()


def test_strange_datagrams_are_passed_over(responder: socket.socket) -> None:
    thread = answer(responder, b"hello", b"\xff" * 1000, b"PYRONAME:x", NAME_SERVER)
    assert broadcast.ask(["127.0.0.1"], responder.getsockname()[1], 5) == [NAME_SERVER.decode()]
    thread.join()


def test_nobody_answers(responder: socket.socket) -> None:
    assert broadcast.ask(["127.0.0.1"], responder.getsockname()[1], 0.05) == []


def test_a_closed_port_is_nobody(free_port: int) -> None:
    assert broadcast.ask(["127.0.0.1"], free_port, 0.05) == []


def test_the_question_is_repeated_because_datagrams_get_lost(
    responder: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcast, "_ROUND_S", 0.02)

    def work() -> None:
        responder.recvfrom(100)
        _, sender = responder.recvfrom(100)
        responder.sendto(NAME_SERVER, sender)

    thread = threading.Thread(target=work)
    thread.start()
    assert broadcast.ask(["127.0.0.1"], responder.getsockname()[1], 5) == [NAME_SERVER.decode()]
    thread.join()


def test_a_question_that_cannot_be_sent_anywhere_is_an_error() -> None:
    with pytest.raises(CommunicationError, match="could not be sent"):
        broadcast.ask(["no host name at all"], 9091, 0.05)


def test_one_bad_address_among_others_does_not_matter(responder: socket.socket) -> None:
    thread = answer(responder, NAME_SERVER)
    addresses = ["no host name at all", "127.0.0.1"]
    assert broadcast.ask(addresses, responder.getsockname()[1], 5) == [NAME_SERVER.decode()]
    thread.join()
