"""Messages that programs make and read themselves."""

import socket
import zlib
from collections.abc import Iterator

import pytest

from Pyro4 import constants, errors
from Pyro4 import message as messages
from Pyro4.configuration import config
from Pyro4.message import Message
from Pyro4.socketutil import SocketConnection
from pyro_core.wire import message as native
from pyro_core.wire import v48
from pyro_core.wire.sealed import SealedV48

ID = bytes(range(16))


@pytest.fixture
def pair() -> Iterator[tuple[SocketConnection, SocketConnection]]:
    here, there = map(SocketConnection, socket.socketpair())
    with here, there:
        yield here, there


@pytest.mark.parametrize(
    ("flags", "neutral"),
    [
        (0, 0),
        (messages.FLAGS_EXCEPTION | messages.FLAGS_ITEMSTREAMRESULT, native.EXCEPTION | native.STREAM),
        (messages.FLAGS_KEEPSERIALIZED, native.KEEP_SERIALIZED),
        (messages.FLAGS_META_ON_CONNECT, native.META_ON_CONNECT),
        (messages.FLAGS_COMPRESSED | messages.FLAGS_BATCH, native.COMPRESSED | native.BATCH),
    ],
)
@pytest.mark.parametrize("key", [None, b"secret"])
def test_bytes_are_those_of_the_codec(flags: int, neutral: int, key: bytes | None) -> None:
    data = Message(messages.MSG_INVOKE, b"payload", 3, flags, 9, {"USER": b"u"}, key).to_bytes()
    codec = v48 if key is None else SealedV48(key)
    assert data == codec.pack(native.INVOKE, 3, 9, b"payload", neutral, {"USER": b"u"})


@pytest.mark.parametrize("key", [None, b"secret"])
def test_what_was_sent_is_received(
    pair: tuple[SocketConnection, SocketConnection], key: bytes | None
) -> None:
    here, there = pair
    Message(messages.MSG_RESULT, b"payload", 3, 0xFFFF, 9, {"CORR": ID, "USER": b"u"}, key).send(here)
    received = Message.recv(there, [messages.MSG_RESULT], key)
    assert (received.type, received.data, received.flags, received.seq) == (5, b"payload", 0xFFFF, 9)
    assert received.annotations["CORR"] == ID
    assert ("HMAC" in received.annotations) == bool(key)
    assert "type=5 flags=65535 seq=9 datasize=7 #ann=" in repr(received)


@pytest.mark.parametrize(
    ("sent", "expected", "text"),
    [
        (None, b"k", "hmac key config not symmetric"),
        (b"k", None, "hmac key config not symmetric"),
        (b"k", b"other", "message hmac mismatch"),
    ],
)
def test_keys_must_be_the_same(
    pair: tuple[SocketConnection, SocketConnection], sent: bytes | None, expected: bytes | None, text: str
) -> None:
    Message(1, b"payload", 1, 0, 0, hmac_key=sent).send(pair[0])
    with pytest.raises(errors.SecurityError, match=f"^{text}$"):
        Message.recv(pair[1], hmac_key=expected)


def test_other_kinds_are_refused(pair: tuple[SocketConnection, SocketConnection]) -> None:
    Message(1, b"payload", 1, 0, 0).send(pair[0])
    with pytest.raises(errors.ProtocolError, match="invalid msg type 1 received"):
        Message.recv(pair[1], [messages.MSG_PING])


def test_too_large_a_message_ends_the_connection(pair: tuple[SocketConnection, SocketConnection]) -> None:
    config.MAX_MESSAGE_SIZE = 3
    Message(1, b"payload", 1, 0, 0).send(pair[0])
    with pytest.raises(errors.MessageTooLargeError, match=r"message too large \(7, max=3\)"):
        Message.recv(pair[1])
    assert pair[1].fileno() == -1


@pytest.mark.parametrize("data", ["x" * 24, b"", b"x" * 24, v48.pack(1, 1, 1, b"")[:22] + b"no"])
def test_bad_headers_are_refused(data: bytes) -> None:
    with pytest.raises(errors.ProtocolError):
        Message.from_header(data)


def test_the_version_is_looked_up_when_bytes_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Message(1, b"", 1, 0, 0)
    monkeypatch.setattr(constants, "PROTOCOL_VERSION", 99)
    assert message.to_bytes()[4:6] == b"\0\x63"


@pytest.mark.parametrize(
    "annotations", [{"ABC": b""}, {"ÄBCD": b""}, {"ABCD": bytes(65536)}, {"A234": bytes(65530)}]
)
def test_annotations_that_do_not_fit_are_refused(annotations: dict[str, bytes]) -> None:
    with pytest.raises(errors.ProtocolError):
        Message(1, b"", 1, 0, 0, annotations).to_bytes()


def test_payloads_are_inflated_up_to_the_limit() -> None:
    packed = zlib.compress(b"x" * 1000)
    message = Message(1, packed, 1, messages.FLAGS_COMPRESSED | messages.FLAGS_BATCH, 0)
    assert message.decompress_if_needed() is message
    assert (message.data, message.data_size, message.flags) == (b"x" * 1000, 1000, messages.FLAGS_BATCH)
    config.MAX_MESSAGE_SIZE = 999
    with pytest.raises(errors.MessageTooLargeError):
        Message(1, packed, 1, messages.FLAGS_COMPRESSED, 0).decompress_if_needed()
    with pytest.raises(errors.ProtocolError):
        Message(1, b"no stream", 1, messages.FLAGS_COMPRESSED, 0).decompress_if_needed()


def test_a_ping_is_answered(pair: tuple[SocketConnection, SocketConnection]) -> None:
    here, there = pair
    Message(messages.MSG_PING, b"pong", 42, 0, 0).send(there)
    Message.ping(here)
    assert Message.recv(there).data == b"ping"
