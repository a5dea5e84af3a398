"""``config.LOGWIRE``: every message in the log, as it is sent or received."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message, kind_name

if TYPE_CHECKING:
    from pyro_core.wire.codec import Codec, Codecs
    from pyro_core.wire.header import Header
    from pyro_core.wire.plain import Plain

log = logging.getLogger("Pyro4.wire")


def logged(codecs: "Codecs") -> "Codecs":
    """The same protocol versions, with every message written to the log at level DEBUG."""
    return {version: LoggedCodec(codec) for version, codec in codecs.items()}


class LoggedCodec:
    """A codec (see ``pyro_core.wire.codec``) that tells the log what another one makes and reads.

    Args:
        codec: The other one.
    """

    def __init__(self, codec: "Codec") -> None:
        self._codec = codec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codec, name)

    def plain(
        self, kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS
    ) -> "Plain | None":
        """None: the short way would not come by here."""
        return None

    def pack(
        self,
        kind: int,
        serializer_id: int,
        seq: int,
        payload: Buffer,
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
    ) -> bytes:
        """A message as bytes."""
        _tell("sent", Message(kind, serializer_id, seq, payload, flags, annotations, correlation_id))
        return self._codec.pack(kind, serializer_id, seq, payload, flags, annotations, correlation_id)

    def encode_parts(self, message: Message) -> list[Buffer]:
        """A message as buffers."""
        _tell("sent", message)
        return self._codec.encode_parts(message)

    def assemble(self, header: "Header", annotations: Mapping[str, bytes], payload: Buffer) -> Message:
        """The message of these parts."""
        return _told(self._codec.assemble(header, annotations, payload))

    def whole(self, data: bytes, max_message_bytes: int) -> Message | None:
        """The message, if the bytes are exactly one."""
        message = self._codec.whole(data, max_message_bytes)
        return message and _told(message)


def _told(message: Message) -> Message:
    _tell("received", message)
    return message


def _tell(how: str, message: Message) -> None:
    identity = message.correlation_id
    log.debug(
        "%s: type=%d (%s) flags=0x%x ser=%d seq=%d corr=%s annotations=%r payload=%r",
        how,
        message.kind,
        kind_name(message.kind),
        message.flags,
        message.serializer_id,
        message.seq,
        None if identity is None else UUID(bytes=identity),
        dict(message.annotations),
        bytes(message.payload),
    )
