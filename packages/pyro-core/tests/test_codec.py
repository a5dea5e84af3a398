import pytest

from pyro_core.errors import ProtocolError
from pyro_core.wire import v48, v502
from pyro_core.wire.codec import codec_for, detect


def test_each_version_has_its_codec() -> None:
    assert codec_for(502) is v502
    assert codec_for(48) is v48


def test_a_version_that_does_not_exist_is_refused_by_its_number() -> None:
    with pytest.raises(ProtocolError, match="invalid protocol version: 503; expected 502 or 48") as caught:
        codec_for(503)
    assert caught.value.received == 503


@pytest.mark.parametrize("codec", [v48, v502])
def test_version_is_told_by_six_bytes_and_not_by_fewer(codec: object) -> None:
    prefix = codec.PREFIX  # type: ignore[attr-defined]
    assert [detect(prefix[:size]) for size in range(6)] == [None] * 6
    assert detect(prefix) is codec


@pytest.mark.parametrize("prefix", [b"G", b"PY ", b"PYR0", b"\x16\x03\x01", b"PYRX\x00\x30"])
def test_a_wrong_tag_is_refused_as_soon_as_a_byte_differs(prefix: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"^invalid data; "):
        detect(prefix)


def test_a_wrong_version_is_refused_with_its_number() -> None:
    assert detect(b"PYRO\x02") is None
    with pytest.raises(ProtocolError, match=r"^invalid protocol version: 513; "):
        detect(b"PYRO\x02\x01")
