"""One message, the same for both protocol versions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pyro_core.names import PROTOCOL_502
from pyro_core.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# Message kinds: the numbers are the same in both protocol versions.
CONNECT: Final = 1
CONNECT_OK: Final = 2
CONNECT_FAIL: Final = 3
INVOKE: Final = 4
RESULT: Final = 5
PING: Final = 6
# Between our own peers only, where both have agreed (see pyro_core.duplex).
CANCEL: Final = 16
CREDIT: Final = 17
ITEMS: Final = 18
KIND_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        CONNECT: "CONNECT",
        CONNECT_OK: "CONNECTOK",
        CONNECT_FAIL: "CONNECTFAIL",
        INVOKE: "INVOKE",
        RESULT: "RESULT",
        PING: "PING",
        CANCEL: "CANCEL",
        CREDIT: "CREDIT",
        ITEMS: "ITEMS",
    }
)

# Neutral flags. Plain ints, because enum arithmetic costs more than the rest of a header. The values are
# those of protocol 502; the codec of protocol 48 translates. That a correlation id is present is told by
# the field itself, never by a flag.
EXCEPTION: Final = 0x01
"""The payload is an exception."""
COMPRESSED: Final = 0x02
"""The payload is a zlib stream."""
ONEWAY: Final = 0x04
"""The sender expects no reply, not even an error."""
BATCH: Final = 0x08
"""The payload is a list of calls, or of their results."""
STREAM: Final = 0x10
"""The call returned an iterator; its id is in the STRM annotation."""
KEEP_SERIALIZED: Final = 0x20
"""The arguments are to reach the method undecoded (a blob)."""
META_ON_CONNECT: Final = 0x100
"""Protocol 48 only: metadata travels in the handshake (protocol 502 always does that)."""

NO_ANNOTATIONS: Final[Mapping[str, bytes]] = MappingProxyType({})

Buffer = bytes | bytearray | memoryview


class Message(Record):
    """One message as it was received, or is about to be sent.

    Attributes:
        kind: One of the message kinds of this module.
        serializer_id: Number of the payload's serializer, in the numbering of ``version``.
        seq: Sequence number, 0 to 65535; a reply repeats that of its request.
        payload: Serialized body; a zlib stream if ``flags & COMPRESSED``.
        flags: Neutral flags of this module.
        annotations: Four-letter ASCII id -> value.
        correlation_id: 16 bytes of a UUID, or None.
        version: Protocol version it came in, or is to be sent in.
    """

    __slots__ = (
        "kind",
        "serializer_id",
        "seq",
        "payload",
        "flags",
        "annotations",
        "correlation_id",
        "version",
    )

    def __init__(
        self,
        kind: int,
        serializer_id: int,
        seq: int,
        payload: Buffer = b"",
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
        version: int = PROTOCOL_502,
    ) -> None:
        self.kind = kind
        self.serializer_id = serializer_id
        self.seq = seq
        self.payload = payload
        self.flags = flags
        self.annotations = annotations
        self.correlation_id = correlation_id
        self.version = version


def kind_name(kind: int) -> str:
    """Name of a message kind for texts, also for kinds that do not exist."""
    return KIND_NAMES.get(kind, f"unknown kind {kind}")
