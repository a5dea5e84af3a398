"""Protocol 502: every recorded message is read as what it is, and written again as the same bytes."""

from pathlib import Path

import pytest

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.names import STOCK_SERIALIZER_IDS
from pyro_core.testing.recordings import read_recordings
from pyro_core.wire import v502
from pyro_core.wire.message import (
    BATCH,
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    EXCEPTION,
    INVOKE,
    KEEP_SERIALIZED,
    META_ON_CONNECT,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)

RECORDINGS = read_recordings(Path(__file__).parent / "data" / "vectors502.json")
ID = bytes(range(16))

REFUSED = {
    "raw/connect-bad-ann/1-request": ("annotation chunk length exceeds remaining data", 0),
    "raw/connect-bad-magic/1-request": ("invalid message or protocol version", 38),
    "raw/connect-too-large/1-request": ("40 bytes are not one message", 40),
    "raw/connect-version-48/1-request": ("invalid protocol version: 48", 4),
    "raw/connect-version-501/1-request": ("invalid protocol version: 501", 4),
    "raw/connect-version-503/1-request": ("invalid protocol version: 503", 4),
    "raw/garbage-16/1-request": ("16 bytes are not one message", 16),
    "raw/http-get/1-request": ("invalid data", 0),
    "raw/invoke-too-large/1-request": ("40 bytes are not one message", 40),
    "raw/invoke-version-503/1-request": ("invalid protocol version: 503", 4),
    "raw/short-then-close/1-request": ("3 bytes are not one message", 3),
}
TWO_MESSAGES = {"raw/pipelined/1-request", "raw/pipelined/1-reply"}
# Nobody writes these so: an id twice, a field that is always zero, flags that do not exist.
NOT_CANONICAL = {
    "raw/connect-dup-ann/1-request",
    "raw/connect-reserved-nonzero/1-request",
    "raw/connect-unknown-flags/1-request",
}
GOOD = sorted(set(RECORDINGS) - set(REFUSED) - TWO_MESSAGES)
GROUPS = sorted({name.split("/")[0] for name in RECORDINGS})


def good_in(group: str) -> list[str]:
    return [name for name in GOOD if name.startswith(group + "/")]


def expected_of(name: str) -> tuple[int, int, list[str], bool]:
    """Kind, flags, annotations and presence of a correlation id, told from a recording's name."""
    _, scenario, step = name.split("/")
    number, direction = step.split("-")
    reply = direction == "reply"
    kind = RESULT if reply else INVOKE
    flags = 0
    annotations: list[str] = []
    correlated = reply or scenario == "correlation-id"
    if scenario == "ping":
        kind = PING
    elif scenario in ("connect-rejected", "connect-unknown-object"):
        kind = CONNECT_FAIL if reply else CONNECT
    elif "connect" in scenario:
        kind = CONNECT_OK if reply else CONNECT
    if scenario.startswith("batch"):
        flags |= BATCH
    if "oneway" in scenario or name.endswith(("stream-close/5-request", "stream-error/7-request")):
        flags |= ONEWAY
    if scenario == "blob" and not reply:
        flags, annotations = KEEP_SERIALIZED, ["BLBI"]
    if scenario.startswith("stream") and number == "2" and scenario != "stream-unknown-id":
        flags = EXCEPTION | STREAM
        annotations = [] if scenario == "stream-disabled" else ["STRM"]
    if scenario == "annotations":
        annotations = ["RESP"] if reply else ["TEST", "ABCD"]
    if scenario.startswith("daemon-annotations") and reply:
        annotations = ["DAEM"]
    if scenario.startswith("compressed"):
        flags |= COMPRESSED if reply or scenario == "compressed-request" else 0
    return kind, flags, annotations, correlated


@pytest.mark.parametrize("group", sorted(set(GROUPS) - {"raw"}))
def test_recorded_message_is_what_its_scenario_says(group: str) -> None:
    for name in good_in(group):
        data = RECORDINGS[name].data
        message = v502.decode(data)
        kind, flags, annotations, correlated = expected_of(name)
        if message.kind == RESULT and not message.flags & STREAM:
            # Which results are exceptions depends on the serializer; what stock clients then raise tells it.
            message.flags &= ~EXCEPTION
        assert (message.kind, message.flags, list(message.annotations)) == (kind, flags, annotations), name
        assert (message.correlation_id is not None) == correlated, name
        serializer = 42 if kind == PING else STOCK_SERIALIZER_IDS[502][name.split("/")[0]]
        assert message.serializer_id == serializer
        assert message.version == 502
        assert data.endswith(bytes(message.payload))
        assert len(message.payload) == int.from_bytes(data[12:16], "big")
        assert message.seq == int.from_bytes(data[10:12], "big")


@pytest.mark.parametrize(
    "scenario", ["exc-zerodiv", "exc-custom", "exc-pyro", "exc-private", "exc-unknown-object"]
)
@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal", "msgpack"])
def test_recorded_exception_is_flagged(scenario: str, serializer: str) -> None:
    assert v502.decode(RECORDINGS[f"{serializer}/{scenario}/2-reply"].data).flags == EXCEPTION


@pytest.mark.parametrize("group", GROUPS)
def test_recorded_message_is_written_again_as_the_same_bytes(group: str) -> None:
    for name in good_in(group):
        data = RECORDINGS[name].data
        message = v502.decode(data)
        again = v502.encode(message)
        assert (again == data) == (name not in NOT_CANONICAL), name
        assert v502.decode(again) == message
        packed = v502.pack(
            message.kind,
            message.serializer_id,
            message.seq,
            message.payload,
            message.flags,
            message.annotations,
            message.correlation_id,
        )
        assert packed == again
        assert v502.whole(data, len(data)) == message


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_recorded_bad_message_is_refused(name: str) -> None:
    text, offset = REFUSED[name]
    with pytest.raises(ProtocolError) as caught:
        v502.decode(RECORDINGS[name].data)
    assert str(caught.value).startswith(text)
    assert caught.value.offset == offset


def test_annotations_of_a_recorded_request_have_their_values() -> None:
    message = v502.decode(RECORDINGS["serpent/annotations/1-request"].data)
    assert message.annotations == {"TEST": b"hello-annotation", "ABCD": b""}


def test_of_two_annotations_with_one_id_the_last_counts() -> None:
    assert v502.decode(RECORDINGS["raw/connect-dup-ann/1-request"].data).annotations == {"ABCD": b"y"}


def test_correlation_id_counts_only_with_its_flag() -> None:
    data = bytearray(v502.pack(INVOKE, 1, 7, b"payload", correlation_id=ID))
    assert v502.decode(data).correlation_id == ID
    data[9] &= ~0x40
    assert v502.decode(data).correlation_id is None


def test_header_is_read_at_an_offset_without_its_body() -> None:
    data = v502.pack(RESULT, 3, 65535, b"x" * 9, EXCEPTION, {"ABCD": b"12"}, ID)
    header = v502.parse_header(b"??" + data[:40], 2)
    assert header == (RESULT, 3, 65535, EXCEPTION, 9, 10, ID)


def test_parts_leave_the_payload_uncopied() -> None:
    payload = memoryview(b"x" * 1000)
    message = Message(INVOKE, 1, 2, payload, annotations={"ABCD": b"value"})
    head, body = v502.encode_parts(message)
    assert body is payload
    assert bytes(head) + bytes(body) == v502.encode(message)


def test_flags_of_the_other_version_are_not_sent() -> None:
    assert v502.decode(v502.pack(CONNECT, 1, 0, b"", META_ON_CONNECT | BATCH)).flags == BATCH


@pytest.mark.parametrize("key", ["ABC", "ABCDE", "ÄBCD", ""])
def test_annotation_id_that_cannot_be_sent_is_refused(key: str) -> None:
    with pytest.raises(ProtocolError, match="four ASCII characters"):
        v502.pack(INVOKE, 1, 1, b"", 0, {key: b""})


@pytest.mark.parametrize("correlation_id", [b"", ID[:15], ID + b"x"])
def test_correlation_id_that_cannot_be_sent_is_refused(correlation_id: bytes) -> None:
    with pytest.raises(ProtocolError, match="16 bytes"):
        v502.pack(INVOKE, 1, 1, b"", correlation_id=correlation_id)
    with pytest.raises(ProtocolError, match="16 bytes"):
        v502.encode(Message(INVOKE, 1, 1, correlation_id=correlation_id))


def test_payload_beyond_the_length_field_is_refused() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 0x1_0000_0000

    with pytest.raises(MessageTooLarge):
        v502.pack(INVOKE, 1, 1, Huge())
    with pytest.raises(MessageTooLarge):
        v502.encode(Message(INVOKE, 1, 1, Huge()))


def test_whole_is_silent_about_anything_but_one_message_within_the_limit() -> None:
    data = v502.pack(INVOKE, 1, 1, b"12345", annotations={"ABCD": b"67"})
    assert v502.whole(data, 15) is not None
    assert v502.whole(data, 14) is None
    assert v502.whole(data[:-1], 100) is None
    assert v502.whole(data + b"x", 100) is None
    assert v502.whole(data[:10], 100) is None
    assert v502.whole(b"X" + data[1:], 100) is None


def test_decode_refuses_bytes_behind_the_message() -> None:
    with pytest.raises(ProtocolError, match="46 bytes are not one message; expected 45 bytes"):
        v502.decode(v502.pack(INVOKE, 1, 1, b"12345") + b"x")
