"""What a codec of one protocol version offers, and where to find it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyro_core.errors import ProtocolError
from pyro_core.wire import v48, v502
from pyro_core.wire.header import PREFIX_SIZE, TAG, Header
from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Protocol

    from pyro_core.wire.plain import Plain

    class Codec(Protocol):
        """The functions of the modules ``v502`` and ``v48``, which are codecs; see ``sealed``, too."""

        @property
        def VERSION(self) -> int:
            """Protocol version."""

        @property
        def PREFIX(self) -> bytes:
            """The first six bytes of every message."""

        @property
        def HEADER_SIZE(self) -> int:
            """Bytes before the annotations."""

        @property
        def MARSHAL_ID(self) -> int:
            """Serializer id of a refusal that is sent before the peer's own serializer is known."""

        def foreign(self, prefix: bytes) -> ProtocolError: ...

        def pack(
            self,
            kind: int,
            serializer_id: int,
            seq: int,
            payload: Buffer,
            flags: int = 0,
            annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
            correlation_id: bytes | None = None,
        ) -> bytes: ...

        def plain(
            self, kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS
        ) -> Plain | None: ...

        def encode(self, message: Message) -> bytes: ...

        def encode_parts(self, message: Message) -> list[Buffer]: ...

        def parse_header(self, buffer: Buffer, offset: int = 0) -> Header: ...

        def parse_annotations(self, buffer: Buffer, start: int, end: int) -> dict[str, bytes]: ...

        def assemble(self, header: Header, annotations: Mapping[str, bytes], payload: Buffer) -> Message: ...

        def whole(self, data: bytes, max_message_bytes: int) -> Message | None: ...

        def decode(self, buffer: Buffer) -> Message: ...

    Codecs = Mapping[int, Codec]
    """The protocol versions that may be spoken, the preferred one first, and the codec of each."""


CODECS: Final[Codecs] = {v502.VERSION: v502, v48.VERSION: v48}


def codec_for(version: int, codecs: Codecs = CODECS) -> Codec:
    """The codec of a protocol version.

    Raises:
        ProtocolError: If there is no such version.
    """
    try:
        return codecs[version]
    except KeyError:
        known = " or ".join(map(str, codecs))
        raise ProtocolError(
            f"invalid protocol version: {version}; expected {known}", expected=known, received=version
        ) from None


def bulky(codec: Codec, message: Message) -> list[Buffer]:
    """A message whose payload is in pieces, as buffers to be sent one after the other."""
    head, payload = codec.encode_parts(message)
    parts: Sequence[Buffer] = payload.parts  # type: ignore[union-attr]  # it is Pieces, see pyro_core.bulk
    return [head, *parts]


def detect(prefix: bytes, codecs: Codecs = CODECS) -> Codec | None:
    """The codec of a message that begins with ``prefix``; None if more than these bytes are needed to tell.

    Args:
        prefix: The first bytes of the message, at most six.
        codecs: Those that may be meant.

    Raises:
        ProtocolError: If no message begins so.
    """
    if prefix[:4] != TAG[: len(prefix)]:
        raise v502.foreign(prefix)
    if len(prefix) < PREFIX_SIZE:
        return None
    return codec_for(int.from_bytes(prefix[4:PREFIX_SIZE], "big"), codecs)
