"""Codecs that tell of every message that is made or read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from pyro_core.wire.codec import Codec, Codecs
    from pyro_core.wire.header import Header
    from pyro_core.wire.plain import Plain

    Tell = Callable[[Literal["sent", "received"], Message], object]


def told(codecs: Codecs, tell: Tell) -> Codecs:
    """The same protocol versions, where every message is told.

    Args:
        codecs: The codecs.
        tell: Gets whether it is sent or was received, and the message.
    """
    return {version: ToldCodec(codec, tell) for version, codec in codecs.items()}


class ToldCodec:
    """A codec (see ``pyro_core.wire.codec``) that tells what another one makes and reads.

    Args:
        codec: The other one.
        tell: As for ``told``.
    """

    def __init__(self, codec: Codec, tell: Tell) -> None:
        self._codec = codec
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codec, name)

    def plain(
        self, kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS
    ) -> Plain | None:
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
        parts = (kind, serializer_id, seq, payload, flags, annotations, correlation_id)
        self._tell("sent", Message(*parts, version=self._codec.VERSION))
        return self._codec.pack(*parts)

    def encode_parts(self, message: Message) -> list[Buffer]:
        """A message as buffers."""
        self._tell("sent", message)
        return self._codec.encode_parts(message)

    def assemble(self, header: Header, annotations: Mapping[str, bytes], payload: Buffer) -> Message:
        """The message of these parts."""
        message = self._codec.assemble(header, annotations, payload)
        self._tell("received", message)
        return message

    def whole(self, data: bytes, max_message_bytes: int) -> Message | None:
        """The message, if the bytes are exactly one."""
        message = self._codec.whole(data, max_message_bytes)
        if message is not None:
            self._tell("received", message)
        return message
