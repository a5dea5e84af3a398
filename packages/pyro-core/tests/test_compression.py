import os
import tracemalloc
import zlib

import pytest

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.wire.compression import compress, inflate, inflated
from pyro_core.wire.message import COMPRESSED, EXCEPTION, RESULT, Message

MIB = 1 << 20


def test_what_was_compressed_comes_back() -> None:
    payload = b"the same again and again " * 100
    packed = compress(payload)
    assert packed is not None
    assert len(packed) < len(payload)
    assert inflate(packed, len(payload)) == payload


def test_short_payloads_are_not_tried() -> None:
    assert compress(b"x" * 199) is None
    assert compress(b"x" * 200) is not None
    assert compress(b"x" * 20, at_least=20) is not None


def test_payload_that_does_not_shrink_is_left_alone() -> None:
    assert compress(os.urandom(1000)) is None


@pytest.mark.parametrize("wrap", [bytearray, memoryview])
def test_any_buffer_can_be_compressed_and_inflated(wrap: type) -> None:
    packed = compress(wrap(b"x" * 1000))
    assert packed is not None
    assert inflate(wrap(packed), 1000) == b"x" * 1000


def test_limit_holds_for_what_comes_out() -> None:
    packed = zlib.compress(bytes(1000))
    assert len(inflate(packed, 1000)) == 1000
    with pytest.raises(MessageTooLarge) as caught:
        inflate(packed, 999)
    assert caught.value.limit_bytes == 999
    assert inflate(zlib.compress(b""), 0) == b""
    with pytest.raises(MessageTooLarge):
        inflate(zlib.compress(b"x"), 0)


def test_small_data_that_would_become_huge_is_refused_in_bounded_memory() -> None:
    packer = zlib.compressobj(9)
    block = bytes(MIB)
    bomb = b"".join([*(packer.compress(block) for _ in range(100)), packer.flush()])
    assert len(bomb) < 125_000
    tracemalloc.start()
    try:
        with pytest.raises(MessageTooLarge):
            inflate(bomb, MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MIB


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not zlib",
        zlib.compress(b"abc")[:-1],
        zlib.compress(b"abc")[:3],
        zlib.compress(b"abc") + b"more",
    ],
)
def test_anything_but_one_zlib_stream_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^invalid compressed payload; "):
        inflate(payload, 1000)


def test_damaged_contents_are_noticed() -> None:
    damaged = bytearray(zlib.compress(b"abc" * 100))
    damaged[-1] ^= 1
    with pytest.raises(ProtocolError):
        inflate(damaged, 1000)


def test_message_is_inflated_in_place_and_only_if_it_is_compressed() -> None:
    message = Message(RESULT, 1, 1, zlib.compress(b"abc"), EXCEPTION | COMPRESSED)
    assert inflated(message, 3) is message
    assert (message.payload, message.flags) == (b"abc", EXCEPTION)
    assert inflated(message, 0).payload == b"abc"
