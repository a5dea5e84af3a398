"""The answer to clients that look for the name server. Unicast only: nothing leaves this machine."""

import select
import socket
from collections.abc import Iterator

import pytest

from pyro_core.errors import NamingError
from pyro_core.uri import URI
from pyro_nameserver.broadcast import BroadcastResponder, reaches_others

NS = URI("PYRO:Pyro.NameServer@192.0.2.1:9090")
QUESTION = b"GET_NSURI"


@pytest.fixture
def asker() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        asker.settimeout(10)
        yield asker


@pytest.fixture
def responder() -> Iterator[BroadcastResponder]:
    with BroadcastResponder(NS, host="127.0.0.1", port=0) as responder:
        yield responder


def _ask(asker: socket.socket, responder: BroadcastResponder, *datagrams: bytes) -> None:
    for datagram in datagrams:
        asker.sendto(datagram, responder.address)
    assert select.select([responder], [], [], 10)[0], "fileno() is readable"
    responder.handle()


def test_the_question_is_answered_with_the_uri(asker: socket.socket, responder: BroadcastResponder) -> None:
    _ask(asker, responder, QUESTION)
    assert asker.recvfrom(200) == (str(NS).encode("ascii"), responder.address)


@pytest.mark.parametrize(
    "datagram", [b"", b"get_nsuri", b"GET_NSURI\n", b"GET_NSUR", b" GET_NSURI", b"GET_NSURI" * 20, b"\0" * 9]
)
def test_nothing_else_is_answered(
    asker: socket.socket, responder: BroadcastResponder, datagram: bytes
) -> None:
    _ask(asker, responder, datagram, QUESTION)
    assert asker.recv(200) == str(NS).encode("ascii")
    asker.setblocking(False)
    with pytest.raises(BlockingIOError):
        asker.recv(200)


def test_an_asker_is_told_the_address_that_faces_it(asker: socket.socket) -> None:
    with BroadcastResponder(URI("PYRO:Pyro.NameServer@0.0.0.0:9090"), host="127.0.0.1", port=0) as responder:
        _ask(asker, responder, QUESTION)
        assert asker.recv(200) == b"PYRO:Pyro.NameServer@127.0.0.1:9090"


def test_it_answers_in_a_thread_of_its_own(asker: socket.socket, responder: BroadcastResponder) -> None:
    responder.start()
    for _ in range(3):
        asker.sendto(QUESTION, responder.address)
        assert asker.recv(200) == str(NS).encode("ascii")


def test_handling_nothing_does_not_wait(responder: BroadcastResponder) -> None:
    responder.handle()


def test_an_answer_that_cannot_be_sent_does_not_end_it(
    asker: socket.socket, responder: BroadcastResponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(address: str) -> str:
        raise OSError("network is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr("pyro_nameserver.broadcast.interface_towards", fail)
        _ask(asker, responder, QUESTION)
    _ask(asker, responder, QUESTION)
    assert asker.recv(200) == str(NS).encode("ascii")


def test_a_taken_port_is_an_error_that_says_what_to_do(responder: BroadcastResponder) -> None:
    with pytest.raises(NamingError, match=r"cannot answer broadcasts on UDP port .* choose another"):
        BroadcastResponder(NS, host="127.0.0.1", port=responder.address[1])


def test_closing_twice_is_fine(responder: BroadcastResponder) -> None:
    responder.start()
    responder.close()
    responder.close()


@pytest.mark.parametrize(
    ("location", "reaches"),
    [
        ("192.0.2.1:9090", True),
        ("0.0.0.0:9090", True),
        ("127.0.0.1:9090", False),
        ("127.3.2.1:9090", False),
        ("localhost:9090", False),
        ("[::1]:9090", False),
        ("[2001:db8::1]:9090", False),
        ("./u:/tmp/ns", False),
    ],
)
def test_broadcasts_are_for_ipv4_networks(location: str, reaches: bool) -> None:
    assert reaches_others(URI(f"PYRO:Pyro.NameServer@{location}")) is reaches
