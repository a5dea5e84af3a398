"""Protocol 48 with messages that are signed with a key which both sides share.

The annotation ``HMAC`` is the HMAC-SHA1 of the payload as it is sent, and of the values of all other
annotations in the order of their ids. It covers neither the header nor the ids, and a message that was seen
once can be sent again: this keeps out who does not know the key, and for more there is TLS. For programs that
were written for it; nothing native uses it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyro_core.errors import ProtocolError, SecurityError
from pyro_core.names import ANNOTATION_CORRELATION, ANNOTATION_HMAC
from pyro_core.wire import v48
from pyro_core.wire.header import Header
from pyro_core.wire.message import NO_ANNOTATIONS, Buffer, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_core.wire.codec import Codecs
    from pyro_core.wire.plain import Plain


class SealError(ProtocolError, SecurityError):
    """A message is not signed with the shared key, or signed although no key is shared."""


def sealed(key: bytes) -> Codecs:
    """What may be spoken where a key is shared: protocol 48, signed.

    Raises:
        ValueError: If the key is empty.
    """
    return {v48.VERSION: SealedV48(key)}


def signature(
    key: bytes, payload: Any, annotations: Mapping[str, bytes], correlation_id: bytes | None = None
) -> bytes:
    """The value of the annotation ``HMAC`` of a message.

    Args:
        key: The shared key.
        payload: As it is sent; bytes or ``Pieces``.
        annotations: An ``HMAC`` among them does not count.
        correlation_id: It counts as an annotation.
    """
    import hmac  # not at the top: few have a key, and loading OpenSSL takes long

    mac = hmac.new(key, digestmod="sha1")
    for part in getattr(payload, "parts", (payload,)):
        mac.update(part)
    if correlation_id is not None:
        annotations = {**annotations, ANNOTATION_CORRELATION: correlation_id}
    for name in sorted(annotations):
        if name != ANNOTATION_HMAC:
            mac.update(annotations[name])
    return mac.digest()


class SealedV48:
    """A codec (see ``pyro_core.wire.codec``) that signs what it makes and checks what it reads.

    Its methods do what the functions of ``v48`` do; those that give a message raise ``SealError`` if it is
    not signed with the key. The signature is not among the annotations of a message that was read.

    Args:
        key: The shared key.

    Raises:
        ValueError: If the key is empty.
    """

    __slots__ = ("_key",)

    VERSION = v48.VERSION
    PREFIX = v48.PREFIX
    HEADER_SIZE = v48.HEADER_SIZE
    MARSHAL_ID = v48.MARSHAL_ID
    foreign = staticmethod(v48.foreign)
    parse_header = staticmethod(v48.parse_header)
    parse_annotations = staticmethod(v48.parse_annotations)

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("the shared key is empty; use any bytes that are hard to guess")
        self._key = key

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
        """A message as signed bytes."""
        signed = {
            **annotations,
            ANNOTATION_HMAC: signature(self._key, payload, annotations, correlation_id),
        }
        return v48.pack(kind, serializer_id, seq, payload, flags, signed, correlation_id)

    def plain(
        self, kind: int, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS
    ) -> Plain | None:
        """None: every frame has its signature, so that none is plain."""
        return None

    def encode(self, message: Message) -> bytes:
        """A message as signed bytes."""
        return b"".join(self.encode_parts(message))

    def encode_parts(self, message: Message) -> list[Buffer]:
        """A message as signed buffers to be sent one after the other."""
        digest = signature(self._key, message.payload, message.annotations, message.correlation_id)
        return v48.encode_parts(
            Message(
                message.kind,
                message.serializer_id,
                message.seq,
                message.payload,
                message.flags,
                {**message.annotations, ANNOTATION_HMAC: digest},
                message.correlation_id,
            )
        )

    def assemble(self, header: Header, annotations: Mapping[str, bytes], payload: Buffer) -> Message:
        """The message that a header, its annotations and its payload make."""
        return self._opened(v48.assemble(header, annotations, payload))

    def whole(self, data: bytes, max_message_bytes: int) -> Message | None:
        """The message, if ``data`` is exactly one good message within the limit; otherwise None."""
        message = v48.whole(data, max_message_bytes)
        return None if message is None else self._opened(message)

    def decode(self, buffer: Buffer) -> Message:
        """The one message that ``buffer`` holds."""
        return self._opened(v48.decode(buffer))

    def _opened(self, message: Message) -> Message:
        import hmac

        annotations = dict(message.annotations)
        received = annotations.pop(ANNOTATION_HMAC, None)
        if received is None:
            raise SealError("hmac key config not symmetric")
        expected = signature(self._key, message.payload, annotations, message.correlation_id)
        if not hmac.compare_digest(received, expected):
            raise SealError("message hmac mismatch")
        message.annotations = annotations or NO_ANNOTATIONS
        return message
