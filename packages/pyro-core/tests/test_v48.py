"""Protocol 48: every recorded message is read as what it is, and written again as the same bytes."""

from pathlib import Path

import pytest

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.testing.recordings import read_recordings
from pyro_core.wire import v48
from pyro_core.wire.message import (
    BATCH,
    COMPRESSED,
    EXCEPTION,
    INVOKE,
    KEEP_SERIALIZED,
    META_ON_CONNECT,
    NO_ANNOTATIONS,
    ONEWAY,
    RESULT,
    STREAM,
    Message,
)

RECORDINGS = read_recordings(Path(__file__).parent / "data" / "vectors48.json")
ID = bytes(range(16))
WRONG_START = "invalid data or unsupported protocol version"

REFUSED = {
    "raw/connect_badversion/0-request": (WRONG_START, 0),
    "raw/connect_badtag/0-request": (WRONG_START, 0),
    "raw/connect_badchecksum/0-request": ("header checksum mismatch", 22),
    "raw/silent/0-request": ("0 bytes are not one message", 0),
    "raw/garbage16/0-request": ("16 bytes are not one message", 16),
    "raw/garbage24/0-request": (WRONG_START, 0),
    "raw/http/0-request": (WRONG_START, 0),
    "raw/invoke_badversion/0-request": (WRONG_START, 0),
    "raw/invoke_badchecksum/0-request": ("header checksum mismatch", 22),
    "raw/negative_datasize/0-request": ("negative payload length: -5", 12),
    "client/reply_bad_checksum/invoke-reply": ("header checksum mismatch", 22),
    "client/reply_bad_version/invoke-reply": (WRONG_START, 0),
}
NOT_ONE_MESSAGE = {
    "raw/two_requests_pipelined/0-request",
    "raw/two_requests_pipelined/reply",
    "raw/split_header/0-request",
    "raw/split_header/1-request",
    "raw/split_header/2-request",
}
# Nobody writes these so: a field that is always zero, flags that do not exist.
NOT_CANONICAL = {"raw/connect_reserved_nonzero/0-request", "raw/invoke_unknownflags/0-request"}
GOOD = sorted(set(RECORDINGS) - set(REFUSED) - NOT_ONE_MESSAGE)
GROUPS = sorted({name.split("/")[0] for name in RECORDINGS})
FLAGS = {
    "EXCEPTION": EXCEPTION,
    "COMPRESSED": COMPRESSED,
    "ONEWAY": ONEWAY,
    "BATCH": BATCH,
    "META_ON_CONNECT": META_ON_CONNECT,
    "ITEMSTREAMRESULT": STREAM,
    "KEEPSERIALIZED": KEEP_SERIALIZED,
}


def good_in(group: str) -> list[str]:
    return [name for name in GOOD if name.startswith(group + "/")]


@pytest.mark.parametrize("group", GROUPS)
def test_recorded_message_is_what_another_program_read_in_it(group: str) -> None:
    for name in good_in(group):
        recording = RECORDINGS[name]
        header = recording.header
        message = v48.decode(recording.data)
        assert message.kind == header["type"], name
        assert message.seq == header["seq"]
        assert message.serializer_id == header["serializer_id"]
        assert message.flags == sum(FLAGS.get(flag, 0) for flag in header["flag_names"])
        annotations = {key: bytes.fromhex(value) for key, value in header["annotations"]}
        assert message.correlation_id == annotations.pop("CORR", None)
        assert message.annotations == annotations
        assert message.payload == recording.data[len(recording.data) - header["data_size"] :]
        assert message.version == 48


@pytest.mark.parametrize("group", GROUPS)
def test_recorded_message_is_written_again_as_the_same_bytes(group: str) -> None:
    for name in good_in(group):
        data = RECORDINGS[name].data
        message = v48.decode(data)
        again = v48.encode(message)
        assert (again == data) == (name not in NOT_CANONICAL), name
        assert v48.decode(again) == message
        packed = v48.pack(
            message.kind,
            message.serializer_id,
            message.seq,
            message.payload,
            message.flags,
            message.annotations,
            message.correlation_id,
        )
        assert packed == again
        assert v48.whole(data, len(data)) == message


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_recorded_bad_message_is_refused(name: str) -> None:
    text, offset = REFUSED[name]
    with pytest.raises(ProtocolError) as caught:
        v48.decode(RECORDINGS[name].data)
    assert str(caught.value).startswith(text)
    assert caught.value.offset == offset


def test_digest_of_a_signed_message_is_an_annotation_like_others() -> None:
    message = v48.decode(RECORDINGS["serpent/hmac_invoke/0-invoke"].data)
    assert list(message.annotations) == ["ZZZZ", "AAAA", "HMAC"]
    assert len(message.annotations["HMAC"]) == 20


def test_digest_stands_last_and_the_correlation_id_before_it() -> None:
    data = v48.pack(INVOKE, 1, 1, b"", 0, {"HMAC": b"h", "USER": b"u"}, ID)
    assert list(v48.parse_annotations(data, 24, len(data))) == ["USER", "CORR", "HMAC"]


def test_correlation_id_field_wins_over_an_annotation_of_its_name() -> None:
    message = v48.decode(v48.pack(INVOKE, 1, 1, b"", 0, {"CORR": b"another"}, ID))
    assert message.correlation_id == ID
    assert message.annotations is NO_ANNOTATIONS


def test_correlation_annotation_of_another_size_is_left_alone() -> None:
    message = v48.decode(v48.pack(INVOKE, 1, 1, b"", 0, {"CORR": b"short"}))
    assert message.correlation_id is None
    assert message.annotations == {"CORR": b"short"}


@pytest.mark.parametrize("flag", sorted(FLAGS.values()))
def test_every_flag_survives_the_way(flag: int) -> None:
    assert v48.decode(v48.pack(RESULT, 1, 1, b"", flag)).flags == flag


def test_header_is_read_at_an_offset_without_its_body() -> None:
    data = v48.pack(RESULT, 3, 65535, b"x" * 9, EXCEPTION, {"ABCD": b"12"})
    assert v48.parse_header(b"??" + data[:24], 2) == (RESULT, 3, 65535, EXCEPTION, 9, 8, None)


def test_parts_leave_the_payload_uncopied() -> None:
    payload = memoryview(b"x" * 1000)
    message = Message(INVOKE, 1, 2, payload, annotations={"ABCD": b"value"}, version=48)
    head, body = v48.encode_parts(message)
    assert body is payload
    assert bytes(head) + bytes(body) == v48.encode(message)


def test_annotation_as_long_as_its_field_allows_is_sent_and_a_longer_one_refused() -> None:
    longest = 0xFFFF - 6
    data = v48.pack(INVOKE, 1, 1, b"", 0, {"LONG": bytes(longest)})
    assert len(v48.decode(data).annotations["LONG"]) == longest
    for size in (longest + 1, 0x10000):
        with pytest.raises(MessageTooLarge):
            v48.pack(INVOKE, 1, 1, b"", 0, {"LONG": bytes(size)})


def test_payload_beyond_the_length_field_is_refused() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 0x8000_0000

    with pytest.raises(MessageTooLarge):
        v48.pack(INVOKE, 1, 1, Huge())


def test_correlation_id_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ProtocolError, match="16 bytes"):
        v48.pack(INVOKE, 1, 1, b"", correlation_id=b"short")


def test_whole_is_silent_about_anything_but_one_message_within_the_limit() -> None:
    data = v48.pack(INVOKE, 1, 1, b"12345", annotations={"ABCD": b"67"})
    assert v48.whole(data, 13) is not None
    assert v48.whole(data, 12) is None
    assert v48.whole(data[:-1], 100) is None
    assert v48.whole(data + b"x", 100) is None
    assert v48.whole(data[:10], 100) is None
    assert v48.whole(b"X" + data[1:], 100) is None
