"""A whole dialogue between our two halves, however the wire cuts it."""

import pytest

from pyro_core.events import PongArrived
from pyro_core.testing.wire import Cut, WirePair, at, at_random, byte_by_byte, whole
from pyro_core.wire.message import ONEWAY, RESULT

BOTH = pytest.mark.parametrize("version", [48, 502])
CUTS = pytest.mark.parametrize("cut", [whole, byte_by_byte, at(3, 30), at_random(7)])


@BOTH
@CUTS
def test_dialogue_goes_through(version: int, cut: Cut) -> None:
    pair = WirePair(version=version, cut=cut, client_features=["a", "b"], server_features={"b", "c"})
    request, accepted = pair.handshake(b"hello", b"welcome")
    assert (request.payload, accepted.payload) == (b"hello", b"welcome")
    assert pair.server.version == version
    assert pair.client.features == pair.server.features == {"b"}
    for number in range(1, 4):
        invoke, result = pair.call(b"question", b"answer" * number)
        assert result is not None
        assert (invoke.payload, invoke.seq) == (b"question", number)
        assert (result.kind, result.payload, result.seq) == (RESULT, b"answer" * number, number)
    assert pair.call(b"by the way", flags=ONEWAY)[1] is None
    assert pair.to_server(pair.client.ping()) == []
    (event,) = pair.to_client(pair.server.data_to_send())
    assert type(event) is PongArrived
    assert (pair.client.state, pair.server.state) == ("open", "open")
    assert not pair.client.mid_message
    assert not pair.server.mid_message


@BOTH
def test_dialogue_without_a_handshake_goes_through(version: int) -> None:
    pair = WirePair(version=version, require_handshake=False)
    _, result = pair.call(b"question", b"answer")
    assert result is not None
    assert result.payload == b"answer"


@BOTH
def test_large_messages_go_through_in_pieces(version: int) -> None:
    pair = WirePair(version=version, cut=at_random(11, 65_536))
    pair.handshake()
    question, answer = bytes(range(256)) * 4000, b"x" * 500_000
    invoke, result = pair.call(question, answer)
    assert result is not None
    assert (invoke.payload, result.payload) == (question, answer)


@pytest.mark.parametrize("cut", [whole, byte_by_byte, at(0, 3, 3, 7), at_random(1, 3)])
def test_cutting_loses_nothing(cut: Cut) -> None:
    data = bytes(range(100))
    assert b"".join(cut(data)) == data


def test_a_surprise_is_told_by_what_arrived() -> None:
    pair = WirePair()
    pair.handshake()
    pair.to_server(b"garbage")
    with pytest.raises(AssertionError, match="one call"):
        pair.call(b"question")
    with pytest.raises(AssertionError, match="one handshake"):
        pair.handshake()
