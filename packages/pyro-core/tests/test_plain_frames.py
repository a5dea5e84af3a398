"""The quickest way to read and write messages gives what the codecs give, or nothing."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyro_core.client_session import ClientSession
from pyro_core.framebuffer import FrameBuffer
from pyro_core.server_session import ServerSession
from pyro_core.settings import Limits
from pyro_core.wire import v48, v502
from pyro_core.wire.message import CONNECT, EXCEPTION, INVOKE, RESULT, Message
from pyro_core.wire.sealed import SealedV48

CODECS = {"502": v502, "48": v48}
codecs = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
numbers = st.integers(0, 0xFFFF)


@codecs
@settings(deadline=None)
@given(seq=numbers, payload=st.binary(max_size=200), kind=st.sampled_from([INVOKE, RESULT]))
def test_plain_frames_are_those_of_the_codec(codec: Any, seq: int, payload: bytes, kind: int) -> None:
    pack, take, _ = codec.plain(kind, 3)
    frame = pack(seq, payload)
    assert frame == codec.pack(kind, 3, seq, payload)
    assert take(frame) == (seq, payload)


@codecs
@pytest.mark.parametrize(
    "more",
    [
        {"flags": EXCEPTION},
        {"annotations": {"ABCD": b"x"}},
        {"correlation_id": b"c" * 16},
        {"kind": CONNECT},
        {"serializer_id": 4},
    ],
    ids=lambda more: next(iter(more)),
)
def test_other_frames_are_left_to_the_codec(codec: Any, more: dict[str, Any]) -> None:
    _, take, _ = codec.plain(INVOKE, 3)
    frame = codec.pack(**{"kind": INVOKE, "serializer_id": 3, "seq": 1, "payload": b"abc", **more})
    assert codec.decode(frame).payload == b"abc"
    assert take(frame) is None


@codecs
@settings(deadline=None)
@given(data=st.data())
def test_damaged_frames_are_left_to_the_codec(codec: Any, data: st.DataObject) -> None:
    """Whatever is taken is what the codec reads."""
    _, take, _ = codec.plain(INVOKE, 3)
    frame = bytearray(codec.pack(INVOKE, 3, 7, b"payload"))
    for position in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=3)):
        frame[position] ^= data.draw(st.integers(0, 255))
    damaged = bytes(frame[: data.draw(st.integers(0, len(frame)))]) + data.draw(st.binary(max_size=3))
    taken = take(damaged)
    if taken is not None:
        message = codec.decode(damaged)
        assert (message.seq, message.payload) == taken
        assert (message.kind, message.serializer_id, message.flags) == (INVOKE, 3, 0)
        assert not message.annotations
        assert message.correlation_id is None


def test_signed_frames_are_never_plain() -> None:
    assert SealedV48(b"key").plain(INVOKE, 3) is None


@codecs
def test_what_has_begun_to_arrive_is_not_overtaken(codec: Any) -> None:
    buffer = FrameBuffer(version=codec.VERSION, max_message_bytes=100)
    pack, *_ = plain = codec.plain(INVOKE, 3)
    frame = pack(1, b"first")
    assert buffer.take_plain(frame) is None
    buffer.expect_plain(plain)
    assert buffer.take_plain(frame) == (1, b"first")
    for part in (frame[:2], frame[2:-1]):
        buffer.feed(part)
        assert buffer.next() is None
        assert buffer.take_plain(pack(2, b"second")) is None
    buffer.feed(frame[-1:])
    message = buffer.next()
    assert message is not None
    assert message.payload == b"first"
    assert buffer.take_plain(frame) == (1, b"first")


@codecs
def test_all_plain_messages_at_the_beginning_are_taken_at_once(codec: Any) -> None:
    buffer = FrameBuffer(version=codec.VERSION, max_message_bytes=100)
    pack, *_ = plain = codec.plain(INVOKE, 3)
    frames = pack(1, b"first") + pack(2, b"") + pack(3, bytes(100))
    assert buffer.take_some_plain(frames) == ((), 0)
    buffer.expect_plain(plain)
    taken = [(1, b"first"), (2, b""), (3, bytes(100))]
    assert buffer.take_some_plain(frames) == (taken, len(frames))
    assert buffer.take_some_plain(frames[:-1]) == (taken[:2], len(frames) - len(pack(3, bytes(100))))
    for other in (codec.pack(INVOKE, 3, 4, b"x", EXCEPTION), pack(4, bytes(101)), b"\0" * 60):
        assert buffer.take_some_plain(frames + other + frames) == (taken, len(frames))
    buffer.feed(frames[:3])
    assert buffer.take_some_plain(frames) == ((), 0)


def test_answers_that_nobody_waits_for_are_left_to_the_usual_way() -> None:
    client = ClientSession(version=502, limits=Limits(), require_handshake=False)
    call, _, replies = client.plain_ways(3) or pytest.fail("no plain calls")
    pack, *_ = v502.plain(RESULT, 3) or pytest.fail("no plain results")
    for _ in range(3):
        call(b"")
    assert replies(pack(1, b"one") + pack(1, b"one")) == ((), 0)
    assert replies(pack(1, b"one") + pack(4, b"four")) == ((), 0)
    answers = pack(3, b"three") + pack(1, b"one")
    assert replies(answers) == ([(3, b"three"), (1, b"one")], len(answers))
    assert replies(answers) == ((), 0)
    client.cancel(2)
    assert replies(pack(2, b"two")) == ((), 0)


def test_a_plain_message_that_is_too_large_is_refused_by_the_usual_way() -> None:
    buffer = FrameBuffer(version=502, max_message_bytes=100)
    pack, *_ = plain = v502.plain(INVOKE, 3) or pytest.fail("no plain calls")
    buffer.expect_plain(plain)
    assert buffer.take_plain(pack(1, bytes(101))) is None


@codecs
def test_sessions_speak_plainly_once_they_are_told_to(codec: Any) -> None:
    client = ClientSession(version=codec.VERSION, limits=Limits(), require_handshake=False)
    server = ServerSession(limits=Limits(), require_handshake=False)
    server.receive_data(client.call(3, b"one"))
    (arrived,) = server.events()
    client.receive_data(server.reply(arrived.message, b"1"))
    assert len(client.events()) == 1

    call, reply, _ = client.plain_ways(3) or pytest.fail("no plain calls")
    take, _, answer = server.expect_plain(3) or pytest.fail("no plain calls")
    seq, request = call(b"two")
    assert (seq, take(request)) == (2, (2, b"two"))
    assert reply(3, answer(2, b"2")) is None
    assert reply(2, answer(2, b"2")) == b"2"
    assert take(client.call(3, b"three", EXCEPTION)) is None
    assert client.seq == 3


def test_a_session_that_was_broken_takes_nothing_more() -> None:
    server = ServerSession(limits=Limits(), require_handshake=False)
    server.receive_data(v502.pack(INVOKE, 3, 1, b"one"))
    take, _, _ = server.expect_plain(3) or pytest.fail("no plain calls")
    server.receive_data(v502.encode(Message(RESULT, 3, 1, b"nonsense")))
    assert server.state == "closed"
    assert take(v502.pack(INVOKE, 3, 2, b"two")) is None


def test_numbers_of_calls_under_way_are_left_out() -> None:
    client = ClientSession(version=502, limits=Limits(), require_handshake=False)
    call, _, _ = client.plain_ways(3) or pytest.fail("no plain calls")
    assert call(b"")[0] == 1
    client.seq = 0
    assert call(b"")[0] == 2
