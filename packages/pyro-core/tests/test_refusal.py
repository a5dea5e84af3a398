import marshal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.testing.recordings import read_recordings
from pyro_core.wire import v48, v502
from pyro_core.wire.message import CONNECT_FAIL
from pyro_core.wire.refusal import decode_reason, encode_reason, stock_reason

DATA = Path(__file__).parent / "data"
TEXTS = ["", "no", "x" * 255, "x" * 256, "x" * 70_000, "grün", "雪" * 1000, "a\ud800b"]


@pytest.mark.parametrize("text", TEXTS)
def test_python_reads_the_reasons_we_write(text: str) -> None:
    assert marshal.loads(encode_reason(text)) == text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("version", range(5))
def test_we_read_the_reasons_python_writes(text: str, version: int) -> None:
    assert decode_reason(marshal.dumps(text, version)) == text


@given(st.text())
def test_reasons_come_back(text: str) -> None:
    assert decode_reason(encode_reason(text)) == text


@given(st.binary(max_size=60))
def test_any_payload_gives_a_string_or_a_protocol_error(payload: bytes) -> None:
    try:
        assert isinstance(decode_reason(payload), str)
    except ProtocolError:
        pass


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xfa",
        b"\xfa\x05abc",
        b"\xe1\xff\xff\xff\xff",
        b"u\x02\0\0\0\xc3(",
        b"i\1\0\0\0",
        b"z\x01\xff",
        b"u\1",
    ],
)
def test_anything_but_a_marshalled_string_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^reason of a refusal cannot be read; "):
        decode_reason(payload)


def test_recorded_refusals_are_read_and_written_as_recorded() -> None:
    seen = set()
    for codec, name in ((v48, "vectors48.json"), (v502, "vectors502.json")):
        for recording in read_recordings(DATA / name).values():
            if recording.name.endswith("reply") and recording.name.startswith("raw/"):
                if "pipelined" in recording.name:
                    continue
                message = codec.decode(recording.data)
                if message.kind == CONNECT_FAIL and message.serializer_id == codec.MARSHAL_ID:
                    reason = decode_reason(message.payload)
                    assert encode_reason(reason) == message.payload
                    seen.add(reason)
    assert "header checksum mismatch" in seen
    assert "invalid protocol version: 501" in seen
    assert len(seen) == 14


def test_stock_words_are_the_first_part_of_ours() -> None:
    assert stock_reason(ProtocolError("invalid data; expected better")) == "invalid data"
    assert stock_reason(ProtocolError("short")) == "short"
    assert stock_reason(MessageTooLarge(20, 10)) == "message too large (20, max=10)"
