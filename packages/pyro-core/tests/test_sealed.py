"""Signed messages: the recorded ones are read, and written again as the same bytes; others are refused."""

from pathlib import Path

import pytest

from pyro_core.bulk import Pieces
from pyro_core.client_session import ClientSession
from pyro_core.errors import ProtocolError, SecurityError
from pyro_core.events import CallArrived, ConnectArrived, PeerBroke, PongArrived, Refused, WrongVersion
from pyro_core.features import SUPPORTED
from pyro_core.framebuffer import FrameBuffer
from pyro_core.server_session import ServerSession
from pyro_core.settings import Limits
from pyro_core.testing.recordings import read_recordings
from pyro_core.testing.wire import WirePair, at_random, byte_by_byte, whole
from pyro_core.wire import v48, v502
from pyro_core.wire.message import CONNECT, CONNECT_FAIL, INVOKE, RESULT, Message
from pyro_core.wire.sealed import SealedV48, SealError, sealed

RECORDINGS = read_recordings(Path(__file__).parent / "data" / "vectors48.json")
SIGNED = sorted(
    name for name, it in RECORDINGS.items() if "/hmac_" in name and b"HMAC" in it.data and "wrong" not in name
)
CODEC = SealedV48(b"secret")
ID = bytes(range(16))
ASYMMETRIC = "hmac key config not symmetric"
MISMATCH = "message hmac mismatch"


@pytest.mark.parametrize("name", SIGNED)
def test_recorded_messages_are_read_and_written_again_as_the_same_bytes(name: str) -> None:
    data = RECORDINGS[name].data
    message = CODEC.decode(data)
    assert "HMAC" not in message.annotations
    assert CODEC.encode(message) == data
    assert CODEC.whole(data, 10_000) == message
    buffer = FrameBuffer(max_message_bytes=10_000, codecs=sealed(b"secret"))
    for piece in byte_by_byte(data):
        buffer.feed(piece)
    assert buffer.next() == message


@pytest.mark.parametrize(
    ("name", "text"),
    [("hmac_wrongkey/0-connect", MISMATCH), ("hmac_missing/0-connect", ASYMMETRIC)],
)
def test_recorded_messages_of_others_are_refused_as_recorded(name: str, text: str) -> None:
    server = ServerSession(limits=Limits(), codecs=sealed(b"secret"))
    server.receive_data(RECORDINGS[f"serpent/{name}"].data)
    (event,) = server.events()
    assert isinstance(event, PeerBroke)
    assert isinstance(event.error, SealError)
    answer = server.data_to_send()
    assert CODEC.decode(answer).kind == CONNECT_FAIL
    assert text.encode() in answer
    recorded = RECORDINGS[f"serpent/{name}".replace("0-connect", "1-connectfail")].data
    assert answer == recorded


def test_pieces_are_signed_as_what_they_are_together() -> None:
    one = Message(RESULT, 1, 5, b"abcdef", 0, {"USER": b"u"}, ID, 48)
    several = Message(RESULT, 1, 5, Pieces([b"abc", b"def"]), 0, {"USER": b"u"}, ID, 48)  # type: ignore[arg-type]
    head, _ = CODEC.encode_parts(several)
    assert bytes(head) + b"abcdef" == CODEC.encode(one)
    assert CODEC.decode(CODEC.encode(one)) == one


@pytest.mark.parametrize("place", [-1, 30, 50, 65])
def test_what_was_altered_is_refused(place: int) -> None:
    data = bytearray(CODEC.pack(INVOKE, 1, 1, b"payload" * 9, 0, {"USER": b"value"}, ID))
    data[place] ^= 1
    with pytest.raises(SecurityError, match=MISMATCH):
        CODEC.decode(data)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        sealed(b"")


def keyed(client: bytes | None, server: bytes | None, pair: WirePair) -> WirePair:
    limits = Limits()
    if client is not None:
        pair.client = ClientSession(version=48, limits=limits, features=SUPPORTED, codecs=sealed(client))
    if server is not None:
        pair.server = ServerSession(limits=limits, features=SUPPORTED, codecs=sealed(server))
    return pair


@pytest.mark.parametrize("cut", [whole, byte_by_byte, at_random(3)])
def test_who_shares_the_key_is_understood(cut: object) -> None:
    pair = keyed(b"k", b"k", WirePair(version=48, cut=cut))  # type: ignore[arg-type]
    pair.handshake()
    request, reply = pair.call(b"one", b"two")
    assert request.annotations == {}
    assert reply is not None
    assert reply.payload == b"two"
    assert pair.to_server(pair.client.ping()) == []
    (pong,) = pair.to_client(pair.server.data_to_send())
    assert isinstance(pong, PongArrived)
    parts = pair.client.call(1, Pieces([b"abc", b"def"]), 0, {"BUFS": b"[]"})
    match pair.to_server(b"".join(map(bytes, parts))):
        case [CallArrived(message=message)]:
            assert bytes(message.payload) == b"abcdef"
        case seen:
            raise AssertionError(seen)


@pytest.mark.parametrize(
    ("client", "server", "text"),
    [(b"k", b"other", MISMATCH), (b"k", None, ASYMMETRIC)],
)
def test_a_client_with_a_key_hears_of_a_server_without_it(
    client: bytes, server: bytes | None, text: str
) -> None:
    pair = keyed(client, server, WirePair(version=48))
    match pair.to_server(pair.client.connect(1, b"hello")):
        case [ConnectArrived(message=request)]:
            answer = pair.server.accept(request, b"welcome")
        case _:
            answer = pair.server.data_to_send()
    (event,) = pair.to_client(answer)
    assert isinstance(event, PeerBroke)
    assert str(event.error) == text


def test_a_client_without_a_key_is_told_so() -> None:
    pair = keyed(None, b"k", WirePair(version=48))
    pair.to_server(pair.client.connect(1, b"hello"))
    (event,) = pair.to_client(pair.server.data_to_send())
    assert isinstance(event, Refused)
    assert ASYMMETRIC.encode() in event.reason_payload


def test_a_server_with_a_key_speaks_protocol_48_only() -> None:
    pair = keyed(None, b"k", WirePair(version=502))
    (broke,) = pair.to_server(pair.client.connect(1, b"hello"))
    assert isinstance(broke, PeerBroke)
    answer = pair.server.data_to_send()
    assert answer[:6] == CODEC.PREFIX
    (event,) = pair.to_client(answer)
    assert event == WrongVersion(48)
    full = ServerSession(limits=Limits(), codecs=sealed(b"secret"))
    assert CODEC.decode(full.reject(None, "no free workers")).kind == CONNECT_FAIL


def test_a_buffer_for_one_version_takes_no_other() -> None:
    buffer = FrameBuffer(max_message_bytes=100, codecs={48: v48})
    assert buffer.version == 48
    buffer.feed(v502.pack(CONNECT, 1, 0, b""))
    with pytest.raises(ProtocolError, match="unsupported protocol version"):
        buffer.next()
