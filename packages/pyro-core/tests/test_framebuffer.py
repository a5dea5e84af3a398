"""Messages come out the same however their bytes arrive, and nothing costs more than what arrived."""

import tracemalloc
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.framebuffer import FrameBuffer
from pyro_core.names import ANNOTATION_BUFFERS
from pyro_core.testing.recordings import Recording, read_recordings
from pyro_core.testing.wire import Cut, at, at_random, byte_by_byte, whole
from pyro_core.wire import v48, v502
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import COMPRESSED, CREDIT, INVOKE, NO_ANNOTATIONS, PING, RESULT, Message

DATA = Path(__file__).parent / "data"
RECORDINGS = {
    48: read_recordings(DATA / "vectors48.json"),
    502: read_recordings(DATA / "vectors502.json"),
}
# A recording holds pieces of one message, so that only all of them together make sense.
SPLIT = [f"raw/split_header/{number}-request" for number in range(3)]
PLENTY = 1 << 30
MIB = 1 << 20
BOTH = pytest.mark.parametrize("version", [48, 502])


def messages_of(
    data: bytes, cut: Cut = whole, *, limit: int = PLENTY, version: int | None = None
) -> tuple[list[Message], str]:
    """Messages in data that arrives in pieces, and the type of the error that ended it."""
    buffer = FrameBuffer(version=version, max_message_bytes=limit)
    messages = []
    try:
        for piece in cut(data):
            buffer.feed(piece)
            while (message := buffer.next()) is not None:
                messages.append(message)
    except ProtocolError as error:
        return messages, type(error).__name__
    return messages, ""


def recorded(version: int) -> list[Recording]:
    return [recording for name, recording in RECORDINGS[version].items() if name not in SPLIT]


def some_recordings(version: int) -> list[bytes]:
    """A few of each sort: the rest differs in what is inside the payload only."""
    return [
        recording.data for recording in recorded(version) if recording.name.startswith(("raw/", "serpent/"))
    ]


@BOTH
def test_recorded_messages_come_out_whole(version: int) -> None:
    codec = codec_for(version)
    for recording in recorded(version):
        messages, error = messages_of(recording.data)
        if error:
            with pytest.raises(ProtocolError):
                codec.decode(recording.data)
        elif "pipelined" in recording.name:
            assert len(messages) == 2
            assert b"".join(map(codec.encode, messages)) == recording.data
        elif messages:
            assert messages == [codec.decode(recording.data)], recording.name


@BOTH
def test_recorded_messages_come_out_the_same_byte_by_byte(version: int) -> None:
    for data in some_recordings(version):
        assert messages_of(data, byte_by_byte) == messages_of(data), data


@BOTH
def test_recorded_messages_come_out_the_same_split_at_every_offset_of_their_heads(version: int) -> None:
    for data in some_recordings(version):
        expected = messages_of(data)
        for position in range(min(len(data), 60)):
            assert messages_of(data, at(position)) == expected, (data, position)


def test_message_that_was_recorded_in_pieces_is_put_together() -> None:
    pieces = [RECORDINGS[48][name].data for name in SPLIT]
    messages, error = messages_of(b"".join(pieces), at(*accumulate(map(len, pieces))))
    assert not error
    assert messages == [v48.decode(RECORDINGS[48]["raw/connect_manual/0-request"].data)]


@BOTH
def test_a_conversation_in_one_piece_or_in_random_ones_gives_the_same_messages(version: int) -> None:
    spoken = [r.data for r in recorded(version) if r.name.startswith(("msgpack/", "serpent/"))]
    codec = codec_for(version)
    expected = [codec.decode(data) for data in spoken]
    for cut in (whole, at_random(1, 10), at_random(2, 500), at_random(3, 20_000)):
        assert messages_of(b"".join(spoken), cut) == (expected, "")


@given(
    version=st.sampled_from([48, 502]),
    bodies=st.lists(
        st.tuples(
            st.binary(max_size=60), st.dictionaries(st.sampled_from(["ABCD", "WXYZ"]), st.binary(max_size=9))
        ),
        max_size=4,
    ),
    cuts=st.lists(st.integers(0, 500), max_size=6),
)
def test_any_messages_cut_anywhere_come_out_as_they_went_in(
    version: int, bodies: list[tuple[bytes, dict[str, bytes]]], cuts: list[int]
) -> None:
    sent = [
        Message(INVOKE, 1, number, payload, 0, annotations or NO_ANNOTATIONS, None, version)
        for number, (payload, annotations) in enumerate(bodies)
    ]
    data = b"".join(map(codec_for(version).encode, sent))
    assert messages_of(data, at(*(cut for cut in cuts if cut <= len(data)))) == (sent, "")


@given(data=st.binary(max_size=300), prefix=st.sampled_from([b"", b"PYRO", v48.PREFIX, v502.PREFIX]))
def test_any_bytes_give_messages_within_the_limit_or_a_protocol_error(data: bytes, prefix: bytes) -> None:
    data = prefix + data
    at_once = messages_of(data, limit=100)
    assert at_once == messages_of(data, byte_by_byte, limit=100)
    assert at_once[1] in ("", "ProtocolError", "MessageTooLarge")
    for message in at_once[0]:
        assert len(message.payload) + sum(map(len, message.annotations.values())) <= 100


@given(data=st.data())
def test_damaged_messages_give_messages_or_a_protocol_error(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([48, 502]))
    message = codec_for(version).pack(RESULT, 1, 5, b"payload", 0, {"ABCD": b"value"}, bytes(16))
    damaged = bytearray(message * 2)
    for position in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
        damaged[position] = data.draw(st.integers(0, 255))
    assert messages_of(bytes(damaged), limit=1000) == messages_of(bytes(damaged), byte_by_byte, limit=1000)


@BOTH
def test_exactly_one_message_is_taken_at_once(version: int) -> None:
    codec = codec_for(version)
    buffer = FrameBuffer(version=version, max_message_bytes=100)
    data = codec.pack(INVOKE, 1, 1, b"payload")
    assert buffer.take(data) == codec.decode(data)
    assert not buffer.mid_message
    assert buffer.take(data[:-1]) is None
    assert buffer.next() is None
    assert buffer.take(data[-1:] + data) is None
    assert [buffer.next(), buffer.next(), buffer.next()] == [codec.decode(data), codec.decode(data), None]


def test_payload_of_a_message_that_arrived_alone_is_bytes() -> None:
    buffer = FrameBuffer(max_message_bytes=100)
    buffer.feed(v502.pack(INVOKE, 1, 1, b"payload"))
    message = buffer.next()
    assert message is not None
    assert type(message.payload) is bytes


def test_data_is_copied_if_its_buffer_may_change() -> None:
    data = bytearray(v502.pack(INVOKE, 1, 1, b"payload"))
    for take in (False, True):
        buffer = FrameBuffer(version=502, max_message_bytes=100)
        arrived = bytearray(data)
        message = buffer.take(arrived) if take else buffer.feed(arrived)  # type: ignore[arg-type,func-returns-value]
        message = message or buffer.next()
        arrived[-7:] = b"changed"
        assert message is not None
        assert message.payload == b"payload"


@BOTH
def test_version_is_told_from_six_bytes_and_kept(version: int) -> None:
    data = codec_for(version).pack(INVOKE, 1, 1, b"")
    buffer = FrameBuffer(max_message_bytes=100)
    for position in range(6):
        assert buffer.version is None
        buffer.feed(data[position : position + 1])
        assert buffer.next() is None
    assert buffer.version == version
    buffer.feed(data[6:])
    assert buffer.next() == codec_for(version).decode(data)
    buffer.feed(codec_for(550 - version).pack(INVOKE, 1, 1, b""))
    with pytest.raises(ProtocolError, match="protocol version"):
        buffer.next()


@BOTH
def test_version_that_was_named_is_the_only_one_taken(version: int) -> None:
    other = codec_for(550 - version).pack(INVOKE, 1, 1, b"")
    for cut in (whole, byte_by_byte):
        assert messages_of(other, cut, version=version) == ([], "ProtocolError")


@pytest.mark.parametrize("version", [None, 48, 502])
@pytest.mark.parametrize("start", [b"G", b"\x16", b"P\0", b"PYRX", b"PYRO\0\x2f", b"PYRO\x01\xf7"])
def test_a_foreign_start_is_refused_with_its_first_wrong_byte(version: int | None, start: bytes) -> None:
    for cut in (whole, byte_by_byte):
        assert messages_of(start, cut, version=version)[1] == "ProtocolError"
    assert messages_of(start[:-1], version=version) == ([], "")


@BOTH
def test_error_stays_and_nothing_is_kept_after_it(version: int) -> None:
    buffer = FrameBuffer(version=version, max_message_bytes=100)
    buffer.feed(b"GET / HTTP/1.1\r\n")
    for _ in range(3):
        with pytest.raises(ProtocolError) as caught:
            buffer.next()
        buffer.feed(bytes(1000))
        assert buffer.take(codec_for(version).pack(INVOKE, 1, 1, b"")) is None
    assert len(caught.traceback) < 5
    assert buffer.pending == 0
    assert not buffer.mid_message


def test_malformed_annotations_stay_an_error_on_the_quick_way_too() -> None:
    data = RECORDINGS[502]["raw/connect-bad-ann/1-request"].data
    buffer = FrameBuffer(version=502, max_message_bytes=PLENTY)
    with pytest.raises(ProtocolError):
        buffer.take(data)
    with pytest.raises(ProtocolError):
        buffer.next()


@BOTH
def test_message_at_the_limit_is_taken_and_one_byte_more_refused(version: int) -> None:
    codec = codec_for(version)
    for annotations in ({}, {"ABCD": b"xyz"}):
        size = 1000 + len(codec.pack(INVOKE, 1, 1, b"", 0, annotations)) - codec.HEADER_SIZE
        data = codec.pack(INVOKE, 1, 1, bytes(1000), 0, annotations)
        for cut in (whole, byte_by_byte, at(30), at(500)):
            messages, error = messages_of(data, cut, limit=size)
            assert (len(messages), error) == (1, "")
            assert messages_of(data, cut, limit=size - 1) == ([], "MessageTooLarge")


@BOTH
def test_announced_size_over_the_limit_is_refused_from_the_header_alone(version: int) -> None:
    codec = codec_for(version)
    header = codec.pack(INVOKE, 1, 1, bytes(5000))[: codec.HEADER_SIZE]
    buffer = FrameBuffer(max_message_bytes=4999)
    buffer.feed(header[:-1])
    assert buffer.next() is None
    buffer.feed(header[-1:])
    with pytest.raises(MessageTooLarge) as caught:
        buffer.next()
    assert (caught.value.size_bytes, caught.value.limit_bytes) == (5000, 4999)
    assert buffer.pending == 0


def test_limit_may_change_between_messages() -> None:
    buffer = FrameBuffer(max_message_bytes=10)
    small, large = v502.pack(INVOKE, 1, 1, bytes(10)), v502.pack(INVOKE, 1, 2, bytes(1000))
    buffer.feed(small)
    assert buffer.next() is not None
    buffer.max_message_bytes = 1000
    buffer.feed(large)
    assert buffer.next() is not None


def test_memory_grows_with_what_arrived_and_not_with_what_was_announced() -> None:
    head = v502.parse_header(v502.pack(INVOKE, 1, 1, b""))
    assert head.payload_size == 0
    announced = bytearray(v502.pack(INVOKE, 1, 1, b""))
    announced[12:16] = (900 * MIB).to_bytes(4, "big")
    piece = bytes(1000)
    buffer = FrameBuffer(max_message_bytes=PLENTY)
    tracemalloc.start()
    try:
        buffer.feed(bytes(announced))
        assert buffer.next() is None
        assert tracemalloc.get_traced_memory()[1] < 10_000
        for _ in range(1000):
            buffer.feed(piece)
            assert buffer.next() is None
        assert tracemalloc.get_traced_memory()[1] < 3 * MIB
    finally:
        tracemalloc.stop()
    assert buffer.pending == 40 + 1000 * 1000


def test_memory_of_a_peer_that_sends_single_bytes_is_what_they_weigh() -> None:
    announced = bytearray(v502.pack(INVOKE, 1, 1, b""))
    announced[12:16] = (1 * MIB).to_bytes(4, "big")
    buffer = FrameBuffer(max_message_bytes=PLENTY)
    tracemalloc.start()
    try:
        buffer.feed(bytes(announced))
        for _ in range(20_000):
            buffer.feed(bytes(3))
            assert buffer.next() is None
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used < 120_000


@BOTH
def test_large_payload_in_large_pieces_comes_out_right(version: int) -> None:
    payload = bytes(range(256)) * 4096
    data = codec_for(version).pack(RESULT, 1, 1, payload, 0, {"ABCD": b"value"})
    following = codec_for(version).pack(RESULT, 1, 2, b"next")
    for cut in (at(10, 5000, 5001, 70_000), at(100_000, 200_000), at_random(5, 65_536)):
        messages, error = messages_of(data + following, cut)
        assert not error
        assert [message.payload for message in messages] == [payload, b"next"]


@pytest.mark.parametrize(("kind", "flags"), [(INVOKE, COMPRESSED), (CREDIT, 0), (PING, 0)])
def test_only_what_may_have_buffers_stays_in_pieces(kind: int, flags: int) -> None:
    """A peer that says otherwise must not confuse who reads the payload."""
    data = v502.pack(kind, 1, 1, b"payload", flags, {ANNOTATION_BUFFERS: bytes(4)})
    buffer = FrameBuffer(max_message_bytes=1000)
    buffer.keeps_pieces = True
    for piece in (data[:50], data[50:]):
        buffer.feed(piece)
    message = buffer.next()
    assert message is not None
    assert message.payload == b"payload"


def test_pending_tells_what_waits() -> None:
    data = v502.pack(INVOKE, 1, 1, bytes(100), 0, {"ABCD": b"value"})
    buffer = FrameBuffer(max_message_bytes=1000)
    assert (buffer.pending, buffer.mid_message) == (0, False)
    for position in range(len(data) - 1):
        buffer.feed(data[position : position + 1])
        assert buffer.next() is None
        assert (buffer.pending, buffer.mid_message) == (position + 1, True)
    buffer.feed(data[-1:])
    assert buffer.next() is not None
    assert (buffer.pending, buffer.mid_message) == (0, False)


def test_several_pieces_may_be_fed_before_any_message_is_asked_for() -> None:
    data = b"".join(v502.pack(INVOKE, 1, number, b"payload") for number in range(3))
    buffer = FrameBuffer(max_message_bytes=1000)
    for piece in at_random(4, 20)(data):
        buffer.feed(piece)
    assert [message.seq for message in iter(buffer.next, None)] == [0, 1, 2]
