import pytest

from pyro_core.duplex import (
    FAILED,
    MORE,
    Credit,
    deadline_annotation,
    pack_cancel,
    pack_credit,
    pack_items,
    read_credit,
    read_deadline,
    read_items,
)
from pyro_core.errors import ProtocolError
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import CANCEL, CREDIT, EXCEPTION, ITEMS, Message

VERSIONS = pytest.mark.parametrize("version", [502, 48])


@VERSIONS
def test_what_is_packed_can_be_read(version: int) -> None:
    codec = codec_for(version)
    credit = Credit("abc", 5, 2**40, stop=True)
    assert read_credit(codec.decode(pack_credit(codec, credit))) == credit
    items = read_items(codec.decode(pack_items(codec, 3, "abc", MORE, 7, b"payload")))
    assert (items.stream_id, items.state, items.first, items.message.payload) == ("abc", MORE, 7, b"payload")
    failed = codec.decode(pack_items(codec, 3, "abc", FAILED, 7, b"error"))
    assert failed.flags & EXCEPTION
    cancel = codec.decode(pack_cancel(codec, 65535))
    assert (cancel.kind, cancel.seq) == (CANCEL, 65535)


@pytest.mark.parametrize(("left_s", "told_s"), [(1.5, 1.5), (0.0, 0.001), (-5.0, 0.001), (1e12, 4294967.295)])
def test_deadlines_are_told_in_milliseconds_and_never_as_none(left_s: float, told_s: float) -> None:
    assert read_deadline(deadline_annotation(left_s)) == told_s


@pytest.mark.parametrize("data", [b"", b"123", b"12345"])
def test_a_malformed_deadline_counts_as_none(data: bytes) -> None:
    assert read_deadline({"DLIN": data}) is None


@pytest.mark.parametrize(
    "message",
    [
        Message(CREDIT, 0, 0, bytes(16), 0, {"STRM": b"a"}),
        Message(CREDIT, 0, 0, bytes(17)),
        Message(CREDIT, 0, 0, bytes(17), 0, {"STRM": b"a" * 65}),
        Message(CREDIT, 0, 0, bytes(17), 0, {"STRM": b"\xff"}),
    ],
)
def test_malformed_credits_are_refused(message: Message) -> None:
    with pytest.raises(ProtocolError, match="malformed"):
        read_credit(message)


@pytest.mark.parametrize("about", [b"", bytes(8), b"\x09" + bytes(8)])
def test_malformed_items_are_refused(about: bytes) -> None:
    with pytest.raises(ProtocolError, match="malformed"):
        read_items(Message(ITEMS, 0, 0, b"", 0, {"STRM": b"a", "ITMS": about}))
