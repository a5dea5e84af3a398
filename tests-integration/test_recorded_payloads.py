"""Every payload that was recorded between stock peers is decoded, or refused for a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyro_core import plugins
from pyro_core.convert import ClassRules
from pyro_core.errors import ProtocolError, SerializeError
from pyro_core.framebuffer import FrameBuffer
from pyro_core.serializer import Serializer
from pyro_core.testing.recordings import read_recordings
from pyro_core.wire.compression import inflated
from pyro_core.wire.message import INVOKE, PING, Message

DATA = Path(__file__).parent.parent / "packages" / "pyro-core" / "tests" / "data"
LIMIT = 1 << 28
NOT_A_MESSAGE = {
    48: {
        "raw/connect_badversion", "raw/connect_badtag", "raw/connect_badchecksum", "raw/garbage16",
        "raw/garbage24", "raw/http", "raw/invoke_badversion", "raw/invoke_badchecksum",
        "raw/negative_datasize",
        "client/reply_bad_checksum", "client/reply_bad_version",
    },
    502: {
        "raw/connect-bad-ann", "raw/connect-bad-magic", "raw/connect-version-48", "raw/connect-version-501",
        "raw/connect-version-503", "raw/garbage-16", "raw/http-get", "raw/invoke-bad-zlib",
        "raw/invoke-version-503",
        "raw/short-then-close", "raw/connect-too-large", "raw/invoke-too-large",
    },
}  # fmt: skip
"""Bytes that a codec or the inflater refuses, or that are no whole message."""
UNKNOWN_SERIALIZER = {
    "raw/connect_unknown_serializer", "raw/invoke_unknown_serializer", "raw/connect-bad-serializer",
    "raw/connect-serializer-0", "raw/invoke-bad-serializer",
}  # fmt: skip
BAD_PAYLOAD = {
    "raw/connect_garbage_payload", "raw/invoke_garbage_payload", "raw/connect-malformed-payload",
    "raw/invoke-malformed", "raw/invoke-wrong-arity", "raw/invoke_unaccepted_serializer",
    "client/connect_ok_empty_data", "serpent/type-bytes-key",
}  # fmt: skip
UNKNOWN_CLASS = ("custom", "class_key", "class-dict", "marshal/autoproxy")
"""Scenes with instances of classes that only the recording program had; users would register them."""


def messages(version: int) -> Iterator[tuple[str, Message | ProtocolError | None]]:
    """Name of each recording, and what its bytes are: a message, an error, or nothing whole."""
    for recording in read_recordings(DATA / f"vectors{version}.json").values():
        frames = FrameBuffer(max_message_bytes=LIMIT)
        frames.feed(recording.data)
        try:
            message = frames.next()
            yield recording.name, None if message is None else inflated(message, LIMIT)
        except ProtocolError as problem:
            yield recording.name, problem


@pytest.mark.parametrize("version", [48, 502])
def test_every_recorded_payload_is_decoded_or_refused_for_a_reason(version: int) -> None:
    serializers: dict[int, Serializer] = {}
    for name in plugins.SERIALIZERS:
        cls = plugins.serializers().load(name)
        serializers[cls.wire_ids[version]] = cls(ClassRules().for_version(version))
    decoded = 0
    for name, message in messages(version):
        scene = name.rpartition("/")[0]
        if not isinstance(message, Message):
            is_part = any(word in scene for word in ("split_header", "silent"))
            assert is_part or scene in NOT_A_MESSAGE[version], f"{name}: {message!r}"
            continue
        if message.kind == PING:
            continue
        serializer = serializers.get(message.serializer_id)
        if serializer is None:
            assert scene in UNKNOWN_SERIALIZER, name
            continue
        decode = serializer.decode_call if message.kind == INVOKE else serializer.decode_value
        try:
            decode(message.payload)
        except SerializeError as problem:
            if scene not in BAD_PAYLOAD and not any(word in scene for word in UNKNOWN_CLASS):
                raise AssertionError(f"{name} was refused") from problem
        else:
            decoded += 1
    assert decoded > 800
