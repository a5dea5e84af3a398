"""What the headers and annotations of both protocol versions have in common."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from struct import Struct

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.wire.message import Buffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

TAG: Final = b"PYRO"
"""The first four bytes of every message."""
PREFIX_SIZE: Final = 6
"""Tag and protocol version: what tells the versions apart, in bytes."""
MAX_ANNOTATIONS: Final = 1_000
"""Annotations in one message. Each takes far more memory than the six or eight bytes it can be sent in."""
CORRELATION_ID_SIZE: Final = 16
"""Bytes of a correlation id: a UUID."""


class Header(
    namedtuple(
        "Header",
        ("kind", "serializer_id", "seq", "flags", "payload_size", "annotations_size", "correlation_id"),
    )
):
    """What a header says, the same for both protocol versions.

    Attributes:
        kind: One of the message kinds, or a number that does not exist.
        serializer_id: Number of the payload's serializer.
        seq: Sequence number.
        flags: Neutral flags.
        payload_size: Bytes of the payload as they are sent, that is after compression.
        annotations_size: Bytes of all annotations together.
        correlation_id: 16 bytes, or None; protocol 48 has it in an annotation, and None here.
    """

    __slots__ = ()

    kind: int
    serializer_id: int
    seq: int
    flags: int
    payload_size: int
    annotations_size: int
    correlation_id: bytes | None


def require_size(received: int, expected: int, *, at_least: bool = False) -> None:
    """Make sure that a buffer has the size of the message it is said to hold.

    Raises:
        ProtocolError: If it is shorter, or longer without ``at_least``.
    """
    if received < expected or (received > expected and not at_least):
        raise ProtocolError(
            f"{received} bytes are not one message"
            f"; expected {'at least ' if at_least else ''}{expected} bytes",
            offset=min(received, expected),
            expected=expected,
            received=received,
        )


def check_correlation_id(correlation_id: bytes) -> None:
    """Make sure that a correlation id can be sent.

    Raises:
        ProtocolError: If it is not 16 bytes.
    """
    if len(correlation_id) != CORRELATION_ID_SIZE:
        raise ProtocolError(
            f"correlation id {correlation_id!r} cannot be sent; expected {CORRELATION_ID_SIZE} bytes",
            expected=CORRELATION_ID_SIZE,
            received=len(correlation_id),
        )


def pack_annotations(annotations: Mapping[str, bytes], chunk: Struct, max_value_bytes: int) -> bytes:
    """Annotations as they are sent.

    Args:
        annotations: Four-letter ASCII id -> value.
        chunk: Layout of id and length.
        max_value_bytes: The largest length that ``chunk`` can hold.

    Raises:
        ProtocolError: If an id is not four ASCII characters.
        MessageTooLarge: If a value is longer than its length field can say.
    """
    parts: list[bytes] = []
    for key, value in annotations.items():
        if len(key) != 4 or not key.isascii():
            raise ProtocolError(
                f"annotation id {key!r} cannot be sent; expected four ASCII characters",
                expected="four ASCII characters",
                received=key,
            )
        size = memoryview(value).nbytes
        if size > max_value_bytes:
            raise MessageTooLarge(size, max_value_bytes, f"annotation {key!r}")
        parts += chunk.pack(key.encode("ascii"), size), value
    return b"".join(parts)


def unpack_annotations(buffer: Buffer, start: int, end: int, chunk: Struct) -> dict[str, bytes]:
    """Annotations between two offsets of a buffer; of two with the same id the last one counts.

    Args:
        buffer: Holds at least ``end`` bytes.
        start: Offset of the first annotation.
        end: Offset behind the last one.
        chunk: Layout of id and length.

    Raises:
        ProtocolError: If a chunk does not fit, an id is not ASCII, or there are too many.
    """
    annotations: dict[str, bytes] = {}
    unpack, chunk_size = chunk.unpack_from, chunk.size
    position = start
    count = 0
    while position < end:
        value_at = position + chunk_size
        raw_id, size = unpack(buffer, position) if value_at <= end else (b"", 0)
        if value_at + size > end:
            raise ProtocolError(
                "annotation chunk length exceeds remaining data"
                f"; {end - position} bytes were left at offset {position - start} of the annotations",
                offset=position - start,
                expected=f"at most {end - position} bytes",
                received=chunk_size + size,
            )
        count += 1
        if count > MAX_ANNOTATIONS:
            raise ProtocolError(
                f"too many annotations; expected at most {MAX_ANNOTATIONS}",
                offset=position - start,
                expected=MAX_ANNOTATIONS,
                received=count,
            )
        if not raw_id.isascii():
            raise ProtocolError(
                f"invalid annotation id {raw_id!r}; expected four ASCII characters",
                offset=position - start,
                expected="four ASCII characters",
                received=raw_id,
            )
        position = value_at + size
        annotations[raw_id.decode("ascii")] = bytes(buffer[value_at:position])
    return annotations
