from struct import Struct

import pytest

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.wire.header import MAX_ANNOTATIONS, pack_annotations, require_size, unpack_annotations

CHUNK = Struct("!4sI")


def unpack(data: bytes) -> dict[str, bytes]:
    return unpack_annotations(data, 0, len(data), CHUNK)


def test_annotations_keep_order_and_values() -> None:
    annotations = {"ZZZZ": b"1", "AAAA": b"", "MMMM": bytes(300)}
    assert list(unpack(pack_annotations(annotations, CHUNK, 1000)).items()) == list(annotations.items())


def test_annotations_are_copies_of_their_buffer() -> None:
    buffer = bytearray(pack_annotations({"ABCD": b"old"}, CHUNK, 1000))
    annotations = unpack_annotations(buffer, 0, len(buffer), CHUNK)
    buffer[-3:] = b"new"
    assert annotations == {"ABCD": b"old"}


def test_any_buffer_may_be_a_value() -> None:
    values = {"AAAA": bytearray(b"1"), "BBBB": memoryview(b"22")}
    assert unpack(pack_annotations(values, CHUNK, 1000)) == {"AAAA": b"1", "BBBB": b"22"}  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"A", b"ABCD\0\0\0", b"ABCD\0\0\0\1", b"ABCD\0\0\0\0ABCD\xff\xff\xff\xff1"])
def test_chunk_that_does_not_fit_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="annotation chunk length exceeds remaining data; "):
        unpack(data)


def test_id_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        unpack(b"AB\xc3\xa4\0\0\0\0")
    assert caught.value.received == b"AB\xc3\xa4"


def test_as_many_annotations_as_allowed_are_read_and_one_more_is_refused() -> None:
    chunks = [b"%04d\0\0\0\0" % number for number in range(MAX_ANNOTATIONS + 1)]
    assert len(unpack(b"".join(chunks[:-1]))) == MAX_ANNOTATIONS
    with pytest.raises(ProtocolError, match=f"at most {MAX_ANNOTATIONS}"):
        unpack(b"".join(chunks))


def test_repeated_ids_count_as_annotations_too() -> None:
    with pytest.raises(ProtocolError, match="too many"):
        unpack(b"SAME\0\0\0\0" * (MAX_ANNOTATIONS + 1))


def test_value_at_its_limit_is_written_and_a_longer_one_refused() -> None:
    assert pack_annotations({"ABCD": b"12345"}, CHUNK, 5) == b"ABCD\0\0\0\x0512345"
    with pytest.raises(MessageTooLarge, match="'ABCD' of 6 bytes"):
        pack_annotations({"ABCD": b"123456"}, CHUNK, 5)


def test_size_is_exact_unless_more_is_welcome() -> None:
    require_size(5, 5)
    require_size(6, 5, at_least=True)
    for received, at_least in ((4, False), (6, False), (4, True)):
        with pytest.raises(ProtocolError) as caught:
            require_size(received, 5, at_least=at_least)
        assert (caught.value.expected, caught.value.received) == (5, received)
