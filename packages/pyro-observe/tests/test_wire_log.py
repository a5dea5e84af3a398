"""The wire log: headers in digits and words, payloads only when asked for, handshakes never."""

import logging

import pytest

from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import CONNECT, INVOKE, ONEWAY, Message
from pyro_observe.wire_log import WireLog

VERSIONS = sorted(CODECS)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_both_ways(version: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pyro.wire")
    codec = WireLog().codecs("client", CODECS)[version]
    data = codec.pack(INVOKE, 1, 7, b"secret", ONEWAY, {"HUSH": b"value"})
    assert data == CODECS[version].pack(INVOKE, 1, 7, b"secret", ONEWAY, {"HUSH": b"value"})
    read = codec.whole(data, 1000)
    assert read is not None
    assert bytes(read.payload) == b"secret"
    sent, received = (record.getMessage() for record in caplog.records)
    header = data[: codec.HEADER_SIZE].hex(" ", 4)
    for line, way in ((sent, "sent"), (received, "received")):
        assert line.startswith(f"client {way} INVOKE v{version} seq=7 flags=oneway serializer=1 ")
        assert "annotations=HUSH[5]" in line
        assert line.endswith(f"payload=6 bytes header={header}")
        assert "secret" not in line
        assert "value" not in line


@pytest.mark.parametrize("version", VERSIONS)
def test_payloads_on_request_but_not_of_handshakes(version: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pyro.wire")
    codec = WireLog(payload_bytes=4).codecs("server", CODECS)[version]
    codec.encode_parts(Message(INVOKE, 1, 7, b"secret", version=version))
    codec.pack(CONNECT, 1, 0, b"secret")
    called, greeted = (record.getMessage() for record in caplog.records)
    assert called.endswith("begins b'secr'")
    assert "secr" not in greeted


def test_there_is_no_short_way_past_the_log() -> None:
    assert all(codec.plain(INVOKE, 1) is None for codec in WireLog().codecs("client", CODECS).values())
