"""The offer of extras in the handshake: answered by our server, ignored by stock ones, never sent unasked."""

import socket
from collections.abc import Iterator
from typing import Any

import processes
import pytest
from stock_env import stock_python

from pyro_core.names import ANNOTATION_FEATURES
from pyro_core.uri import URI
from pyro_core.wire import v48, v502
from pyro_core.wire.message import CONNECT, CONNECT_OK, INVOKE, META_ON_CONNECT, RESULT, Message

HELLO = b"{'handshake':'hello','object':'thing'}"
ADD = b"('thing','add',(2,3),{})"
OFFER = {ANNOTATION_FEATURES: b"1 something-of-the-future another"}
SERPENT = 1


@pytest.fixture(scope="module")
def ours() -> Iterator[str]:
    with processes.server("our_server.py", "threaded") as uri:
        yield uri


@pytest.fixture(scope="module", params=["4", "5"])
def stock(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    with processes.server("stock_server.py", request.param, python=stock_python()) as uri:
        yield uri, v48 if request.param == "4" else v502


def dialogue(uri: str, codec: Any, offer: dict[str, bytes]) -> tuple[Message, Message]:
    """Shake hands and make one call on a bare socket; gives both answers."""
    address = URI(uri)
    hello = HELLO.replace(b"thing", str(address.object).encode())
    add = ADD.replace(b"thing", str(address.object).encode())
    with socket.create_connection((str(address.host), address.port or 0), 10) as sock:
        sock.sendall(codec.pack(CONNECT, SERPENT, 0, hello, META_ON_CONNECT, offer))
        greeting = codec.decode(sock.recv(65536))
        sock.sendall(codec.pack(INVOKE, SERPENT, 1, add))
        return greeting, codec.decode(sock.recv(65536))


@pytest.mark.parametrize("codec", [v48, v502])
def test_our_server_answers_an_offer_with_what_it_has(ours: str, codec: Any) -> None:
    greeting, answer = dialogue(ours, codec, OFFER)
    assert greeting.kind == CONNECT_OK
    assert greeting.annotations[ANNOTATION_FEATURES] == b"1"
    assert (answer.kind, bytes(answer.payload[-1:])) == (RESULT, b"5")


@pytest.mark.parametrize("codec", [v48, v502])
def test_our_server_says_nothing_of_extras_to_who_does_not_ask(ours: str, codec: Any) -> None:
    greeting, _ = dialogue(ours, codec, {})
    assert ANNOTATION_FEATURES not in greeting.annotations


def test_a_stock_server_is_not_disturbed_by_an_offer(stock: tuple[str, Any]) -> None:
    greeting, answer = dialogue(*stock, OFFER)
    assert greeting.kind == CONNECT_OK
    assert ANNOTATION_FEATURES not in greeting.annotations
    assert (answer.kind, bytes(answer.payload[-1:])) == (RESULT, b"5")
