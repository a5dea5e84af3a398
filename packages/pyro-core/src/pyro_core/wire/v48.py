"""Protocol 48 (Pyro4): 24 bytes of header, annotations, payload; all integers big-endian.

======  ====  ================================================================
offset  size  field
======  ====  ================================================================
0       4     ``PYRO``
4       2     protocol version 48
6       2     message kind
8       2     flags
10      2     sequence number
12      4     payload length, after compression; signed
16      2     serializer id
18      2     total length of the annotations
20      2     reserved: sent as 0, ignored on receipt, not in the checksum
22      2     checksum
======  ====  ================================================================

An annotation is four ASCII characters, a 16-bit length, and that many bytes. The correlation id is the
annotation ``CORR``; here it is a field of the message, and never among its annotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.names import ANNOTATION_CORRELATION, ANNOTATION_HMAC, PROTOCOL_48
from pyro_core.wire.header import (
    CORRELATION_ID_SIZE,
    PREFIX_SIZE,
    TAG,
    Header,
    check_correlation_id,
    pack_annotations,
    require_size,
    unpack_annotations,
)
from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message
from pyro_core.wire.plain import plain_48

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_core.wire.plain import Plain

VERSION: Final = PROTOCOL_48
PREFIX: Final = TAG + VERSION.to_bytes(2, "big")
HEADER_SIZE: Final = 24
MARSHAL_ID: Final = 3
"""Serializer id of a refusal that is sent before the peer's own serializer is known."""
MAX_PAYLOAD_BYTES: Final = 0x7FFF_FFFF
MAX_ANNOTATIONS_BYTES: Final = 0xFFFF

_CHECKSUM_START: Final = 0x34E9 + VERSION
_HEADER: Final = Struct("!6sHHHiHHHH")
_CHUNK: Final = Struct("!4sH")
_pack_header: Final = _HEADER.pack
_unpack_header: Final = _HEADER.unpack_from


def foreign(prefix: bytes) -> ProtocolError:
    """The error for six (or fewer) bytes that do not begin a message of this version."""
    return ProtocolError(
        f"invalid data or unsupported protocol version; expected {PREFIX!r}, received {prefix!r}",
        offset=0,
        expected=PREFIX,
        received=prefix,
    )


def _wire_flags(flags: int) -> int:
    # EXCEPTION, COMPRESSED, ONEWAY and BATCH are the same; STREAM and KEEP_SERIALIZED lie one bit higher
    # because META_ON_CONNECT has the bit below them.
    return flags & 0x0F | (flags & 0x30) << 1 | (flags & 0x100) >> 4


def _neutral_flags(flags: int) -> int:
    return flags & 0x0F | (flags & 0x60) >> 1 | (flags & 0x10) << 4


def pack(
    kind: int,
    serializer_id: int,
    seq: int,
    payload: Buffer,
    flags: int = 0,
    annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
    correlation_id: bytes | None = None,
) -> bytes:
    """A message as bytes; see ``Message`` for the meaning of the arguments.

    Raises:
        ProtocolError: If an annotation id is not four ASCII characters, or a correlation id not 16 bytes.
        MessageTooLarge: If a length does not fit into its field.
    """
    head = _pack_head(kind, serializer_id, seq, len(payload), flags, annotations, correlation_id)
    return head + payload


def plain(kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS) -> Plain | None:
    """Writer and readers of frames with nothing unusual about them; None if they have annotations."""
    return None if annotations else _plain(kind, serializer_id)


@lru_cache(maxsize=64)
def _plain(kind: int, serializer_id: int) -> Plain:
    return plain_48(PREFIX, kind, serializer_id, _CHECKSUM_START)


def encode(message: Message) -> bytes:
    """A message as bytes; ``message.version`` is not looked at. Raises as ``pack`` does."""
    return b"".join(encode_parts(message))


def encode_parts(message: Message) -> list[Buffer]:
    """A message as buffers to be sent one after the other; the payload is not copied. Raises as ``pack``."""
    payload = message.payload
    head = _pack_head(
        message.kind,
        message.serializer_id,
        message.seq,
        len(payload),
        message.flags,
        message.annotations,
        message.correlation_id,
    )
    return [head, payload]


def _pack_head(
    kind: int,
    serializer_id: int,
    seq: int,
    size: int,
    flags: int,
    annotations: Mapping[str, bytes],
    correlation_id: bytes | None,
) -> bytes:
    if size > MAX_PAYLOAD_BYTES:
        raise MessageTooLarge(size, MAX_PAYLOAD_BYTES, "payload")
    chunks = b""
    if correlation_id is not None:
        check_correlation_id(correlation_id)
        annotations = _with_correlation_id(annotations, correlation_id)
    if annotations:
        chunks = pack_annotations(annotations, _CHUNK, MAX_ANNOTATIONS_BYTES)
        if len(chunks) > MAX_ANNOTATIONS_BYTES:
            raise MessageTooLarge(len(chunks), MAX_ANNOTATIONS_BYTES, "annotations")
    if flags:
        flags = _wire_flags(flags)
    checksum = (_CHECKSUM_START + kind + size + len(chunks) + serializer_id + flags + seq) & 0xFFFF
    return _pack_header(PREFIX, kind, flags, seq, size, serializer_id, len(chunks), 0, checksum) + chunks


def _with_correlation_id(annotations: Mapping[str, bytes], correlation_id: bytes) -> dict[str, bytes]:
    # The order of stock peers: the digest of all others stands last, the correlation id before it.
    ordered = {**annotations, ANNOTATION_CORRELATION: correlation_id}
    for last in (ANNOTATION_CORRELATION, ANNOTATION_HMAC):
        if last in ordered:
            ordered[last] = ordered.pop(last)
    return ordered


def parse_header(buffer: Buffer, offset: int = 0) -> Header:
    """What the ``HEADER_SIZE`` bytes at ``offset`` say; flags that do not exist are dropped.

    Raises:
        ProtocolError: If they are no header of this version.
    """
    prefix, kind, flags, seq, payload_size, serializer_id, annotations_size, _, checksum = _unpack_header(
        buffer, offset
    )
    if prefix != PREFIX:
        raise foreign(prefix)
    total = (_CHECKSUM_START + kind + payload_size + annotations_size + serializer_id + flags + seq) & 0xFFFF
    if checksum != total:
        raise ProtocolError(
            f"header checksum mismatch; expected {total:#06x}, received {checksum:#06x}",
            offset=22,
            expected=total,
            received=checksum,
        )
    if payload_size < 0:
        raise ProtocolError(
            f"negative payload length: {payload_size}; expected 0 to {MAX_PAYLOAD_BYTES}",
            offset=12,
            expected=f"0 to {MAX_PAYLOAD_BYTES}",
            received=payload_size,
        )
    return Header(kind, serializer_id, seq, _neutral_flags(flags), payload_size, annotations_size, None)


def parse_annotations(buffer: Buffer, start: int, end: int) -> dict[str, bytes]:
    """Annotations between two offsets of a buffer. Raises ProtocolError if they are malformed."""
    return unpack_annotations(buffer, start, end, _CHUNK)


def assemble(header: Header, annotations: Mapping[str, bytes], payload: Buffer) -> Message:
    """The message that a header, its annotations and its payload make."""
    correlation_id = None
    if len(annotations.get(ANNOTATION_CORRELATION, b"")) == CORRELATION_ID_SIZE:
        kept = dict(annotations)
        correlation_id = kept.pop(ANNOTATION_CORRELATION)
        annotations = kept or NO_ANNOTATIONS
    return Message(
        header.kind,
        header.serializer_id,
        header.seq,
        payload,
        header.flags,
        annotations,
        correlation_id,
        VERSION,
    )


def whole(data: bytes, max_message_bytes: int) -> Message | None:
    """The message, if ``data`` is exactly one good message within the limit; otherwise None.

    None does not say what is wrong, or whether anything is: ``FrameBuffer`` then looks at it step by step.

    Raises:
        ProtocolError: If its header or its annotations are malformed.
    """
    if len(data) < HEADER_SIZE or data[:PREFIX_SIZE] != PREFIX:
        return None
    header = parse_header(data)
    annotations_size = header.annotations_size
    size = header.payload_size + annotations_size
    if size > max_message_bytes or size + HEADER_SIZE != len(data):
        return None
    if annotations_size:
        start = HEADER_SIZE + annotations_size
        return assemble(header, unpack_annotations(data, HEADER_SIZE, start, _CHUNK), data[start:])
    return Message(
        header.kind,
        header.serializer_id,
        header.seq,
        data[HEADER_SIZE:],
        header.flags,
        NO_ANNOTATIONS,
        None,
        VERSION,
    )


def decode(buffer: Buffer) -> Message:
    """The one message that ``buffer`` holds.

    Raises:
        ProtocolError: If it holds anything else.
    """
    data = bytes(buffer)
    require_size(len(data), HEADER_SIZE, at_least=True)
    header = parse_header(data)
    start = HEADER_SIZE + header.annotations_size
    require_size(len(data), start + header.payload_size)
    annotations = parse_annotations(data, HEADER_SIZE, start) if header.annotations_size else NO_ANNOTATIONS
    return assemble(header, annotations, data[start:])
