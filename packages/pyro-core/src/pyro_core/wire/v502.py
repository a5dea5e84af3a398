"""Protocol 502 (Pyro5): 40 bytes of header, annotations, payload; all integers big-endian.

======  ====  ================================================================
offset  size  field
======  ====  ================================================================
0       4     ``PYRO``
4       2     protocol version 502
6       1     message kind
7       1     serializer id
8       2     flags
10      2     sequence number
12      4     payload length, after compression
16      4     total length of the annotations
20      16    correlation id; zeros, and no flag 0x40, if there is none
36      2     reserved: sent as 0, ignored on receipt
38      2     0x4dc5
======  ====  ================================================================

An annotation is four ASCII characters, a 32-bit length, and that many bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.names import PROTOCOL_502
from pyro_core.wire.header import (
    TAG,
    Header,
    check_correlation_id,
    pack_annotations,
    require_size,
    unpack_annotations,
)
from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message
from pyro_core.wire.plain import plain_502

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_core.wire.plain import Plain

VERSION: Final = PROTOCOL_502
PREFIX: Final = TAG + VERSION.to_bytes(2, "big")
HEADER_SIZE: Final = 40
MARSHAL_ID: Final = 2
"""Serializer id of a refusal that is sent before the peer's own serializer is known."""
MAX_PAYLOAD_BYTES: Final = 0xFFFF_FFFF
MAX_ANNOTATIONS_BYTES: Final = 0xFFFF_FFFF

_MAGIC: Final = 0x4DC5
_HAS_CORRELATION_ID: Final = 0x40
_KNOWN_FLAGS: Final = 0x3F
_NO_ID: Final = bytes(16)
_HEADER: Final = Struct("!6sBBHHII16sHH")
_CHUNK: Final = Struct("!4sI")
_PLAIN_END: Final = bytes(4) + _NO_ID + bytes(2) + _MAGIC.to_bytes(2, "big")
_pack_header: Final = _HEADER.pack
_unpack_header: Final = _HEADER.unpack_from


def foreign(prefix: bytes) -> ProtocolError:
    """The error for six (or fewer) bytes that do not begin a message of this version."""
    if prefix[:4] != TAG[: len(prefix)]:
        return ProtocolError(
            f"invalid data; expected a message that begins with {TAG!r}, received {prefix!r}",
            offset=0,
            expected=TAG,
            received=prefix[:4],
        )
    version = int.from_bytes(prefix[4:6], "big")
    return ProtocolError(
        f"invalid protocol version: {version}; expected {VERSION}",
        offset=4,
        expected=VERSION,
        received=version,
    )


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
    if correlation_id is None:
        flags &= _KNOWN_FLAGS
        correlation_id = _NO_ID
    else:
        check_correlation_id(correlation_id)
        flags = flags & _KNOWN_FLAGS | _HAS_CORRELATION_ID
    size = len(payload)
    if size > MAX_PAYLOAD_BYTES:
        raise MessageTooLarge(size, MAX_PAYLOAD_BYTES, "payload")
    if not annotations:
        header = _pack_header(PREFIX, kind, serializer_id, flags, seq, size, 0, correlation_id, 0, _MAGIC)
        return header + payload
    chunks = _pack_annotations(annotations)
    header = _pack_header(
        PREFIX, kind, serializer_id, flags, seq, size, len(chunks), correlation_id, 0, _MAGIC
    )
    return b"".join((header, chunks, payload))


def plain(kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS) -> Plain | None:
    """Writer and readers of frames with nothing unusual about them; see ``pyro_core.wire.plain``."""
    if not annotations:
        return _plain(kind, serializer_id)
    chunks = _pack_annotations(annotations)
    return plain_502(PREFIX, kind, serializer_id, len(chunks).to_bytes(4, "big") + _PLAIN_END[4:] + chunks)


@lru_cache(maxsize=64)
def _plain(kind: int, serializer_id: int) -> Plain:
    return plain_502(PREFIX, kind, serializer_id, _PLAIN_END)


def encode(message: Message) -> bytes:
    """A message as bytes; ``message.version`` is not looked at. Raises as ``pack`` does."""
    return b"".join(encode_parts(message))


def encode_parts(message: Message) -> list[Buffer]:
    """A message as buffers to be sent one after the other; the payload is not copied. Raises as ``pack``."""
    payload = message.payload
    size = len(payload)
    if size > MAX_PAYLOAD_BYTES:
        raise MessageTooLarge(size, MAX_PAYLOAD_BYTES, "payload")
    chunks = _pack_annotations(message.annotations) if message.annotations else b""
    flags, correlation_id = message.flags & _KNOWN_FLAGS, message.correlation_id
    if correlation_id is None:
        correlation_id = _NO_ID
    else:
        check_correlation_id(correlation_id)
        flags |= _HAS_CORRELATION_ID
    header = _pack_header(
        PREFIX,
        message.kind,
        message.serializer_id,
        flags,
        message.seq,
        size,
        len(chunks),
        correlation_id,
        0,
        _MAGIC,
    )
    return [header + chunks, payload]


def _pack_annotations(annotations: Mapping[str, bytes]) -> bytes:
    chunks = pack_annotations(annotations, _CHUNK, MAX_ANNOTATIONS_BYTES)
    if len(chunks) > MAX_ANNOTATIONS_BYTES:
        raise MessageTooLarge(len(chunks), MAX_ANNOTATIONS_BYTES, "annotations")
    return chunks


def parse_header(buffer: Buffer, offset: int = 0) -> Header:
    """What the ``HEADER_SIZE`` bytes at ``offset`` say; flags that do not exist are dropped.

    Raises:
        ProtocolError: If they are no header of this version.
    """
    prefix, kind, serializer_id, flags, seq, payload_size, annotations_size, correlation_id, _, magic = (
        _unpack_header(buffer, offset)
    )
    if prefix != PREFIX:
        raise foreign(prefix)
    if magic != _MAGIC:
        raise ProtocolError(
            f"invalid message or protocol version; expected {_MAGIC:#06x} at the end of the header,"
            f" received {magic:#06x}",
            offset=38,
            expected=_MAGIC,
            received=magic,
        )
    return Header(
        kind,
        serializer_id,
        seq,
        flags & _KNOWN_FLAGS,
        payload_size,
        annotations_size,
        correlation_id if flags & _HAS_CORRELATION_ID else None,
    )


def parse_annotations(buffer: Buffer, start: int, end: int) -> dict[str, bytes]:
    """Annotations between two offsets of a buffer. Raises ProtocolError if they are malformed."""
    return unpack_annotations(buffer, start, end, _CHUNK)


def assemble(header: Header, annotations: Mapping[str, bytes], payload: Buffer) -> Message:
    """The message that a header, its annotations and its payload make."""
    return Message(
        header.kind,
        header.serializer_id,
        header.seq,
        payload,
        header.flags,
        annotations,
        header.correlation_id,
        VERSION,
    )


def whole(data: bytes, max_message_bytes: int) -> Message | None:
    """The message, if ``data`` is exactly one good message within the limit; otherwise None.

    None does not say what is wrong, or whether anything is: ``FrameBuffer`` then looks at it step by step.

    Raises:
        ProtocolError: If only its annotations are malformed.
    """
    if len(data) < HEADER_SIZE:
        return None
    prefix, kind, serializer_id, flags, seq, payload_size, annotations_size, correlation_id, _, magic = (
        _unpack_header(data)
    )
    size = payload_size + annotations_size
    if prefix != PREFIX or magic != _MAGIC or size > max_message_bytes or size + HEADER_SIZE != len(data):
        return None
    if annotations_size:
        start = HEADER_SIZE + annotations_size
        annotations: Mapping[str, bytes] = unpack_annotations(data, HEADER_SIZE, start, _CHUNK)
        payload = data[start:]
    else:
        annotations = NO_ANNOTATIONS
        payload = data[HEADER_SIZE:]
    return Message(
        kind,
        serializer_id,
        seq,
        payload,
        flags & _KNOWN_FLAGS,
        annotations,
        correlation_id if flags & _HAS_CORRELATION_ID else None,
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
