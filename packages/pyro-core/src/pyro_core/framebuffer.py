"""Bytes in, messages out."""

from __future__ import annotations

from pyro_core.bulk import Pieces
from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.names import ANNOTATION_BUFFERS
from pyro_core.wire.codec import CODECS, codec_for, detect
from pyro_core.wire.header import PREFIX_SIZE, Header
from pyro_core.wire.message import COMPRESSED, INVOKE, NO_ANNOTATIONS, RESULT, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

    from pyro_core.wire.codec import Codec, Codecs
    from pyro_core.wire.plain import Plain, TakePlain, TakeSomePlain

_WITH_BUFFERS: Final = frozenset({INVOKE, RESULT})
_SMALL_PIECE_BYTES: Final = 4_096
"""Pieces below this size are gathered, so that a trickling peer cannot make us keep a million objects."""


class FrameBuffer:
    """Makes messages of bytes that arrive in pieces of any size.

    Memory grows with what has arrived, never with what a header announces; a header that announces too much
    is refused before anything of its body is kept. What is refused stays refused.

    Args:
        version: Protocol version of all messages; None to tell it from the first six bytes.
        max_message_bytes: The most that annotations and payload of a message may be together; may be
            changed at any time.
        codecs: Those that may be meant; if there is one only, all messages are its.

    Attributes:
        keeps_pieces: Whether the payload of a message with buffers (see ``pyro_core.bulk``) is left in the
            pieces in which it arrived, instead of being put together.
    """

    __slots__ = (
        "_chunk",
        "_codec",
        "_codecs",
        "_error",
        "_head",
        "_header",
        "_missing",
        "_parts",
        "_position",
        "_take_plain",
        "_take_some_plain",
        "keeps_pieces",
        "max_message_bytes",
    )

    def __init__(
        self, *, version: int | None = None, max_message_bytes: int, codecs: Codecs = CODECS
    ) -> None:
        self.max_message_bytes = max_message_bytes
        self.keeps_pieces = False
        self._codecs = codecs
        if version is None and len(codecs) == 1:
            (version,) = codecs
        self._codec: Codec | None = None if version is None else codec_for(version, codecs)
        self._error: ProtocolError | None = None
        # Unread bytes are those of _chunk from _position on; it is empty when there are none.
        self._chunk = b""
        self._position = 0
        # The message under way: its header and annotations, as far as they came; then the payload's pieces.
        self._head = bytearray()
        self._header: Header | None = None
        self._parts: list[bytes | bytearray | memoryview] = []
        self._missing = 0
        self._take_plain: TakePlain | None = None
        self._take_some_plain: TakeSomePlain | None = None

    @property
    def version(self) -> int | None:
        """Protocol version; None as long as it is not known."""
        return None if self._codec is None else self._codec.VERSION

    @property
    def pending(self) -> int:
        """Bytes that arrived and are not part of a message that was taken."""
        return len(self._chunk) - self._position + len(self._head) + sum(map(len, self._parts))

    @property
    def mid_message(self) -> bool:
        """True if something of a message arrived, and it was not taken yet."""
        return bool(self._chunk) or bool(self._head)

    def settle(self, version: int) -> None:
        """All messages are of this version; as if the first of them had come, and was taken."""
        self._codec = codec_for(version, self._codecs)

    @property
    def arriving(self) -> tuple[int, int] | None:
        """Bytes of the payload under way that are there, and how many it will have; None if there is none."""
        header = self._header
        return None if header is None else (header.payload_size - self._missing, header.payload_size)

    def take(self, data: bytes) -> Message | None:
        """The message, if nothing is waiting and ``data`` is exactly one message; the quick way for most.

        Otherwise feeds ``data`` and gives None, which does not mean that there is no message: ask ``next``.

        Raises:
            ProtocolError: As ``next`` does.
        """
        if self._codec is not None and not self._chunk and not self._head and self._error is None:
            try:
                message = self._codec.whole(data, self.max_message_bytes)
            except ProtocolError as error:
                self._fail(error)
                raise
            if message is not None:
                return message
        self.feed(data)
        return None

    def expect_plain(self, plain: Plain | None) -> None:
        """What ``take_plain`` and ``take_some_plain`` are to look for from now on; None for nothing."""
        _, self._take_plain, self._take_some_plain = plain or (None, None, None)

    def take_plain(self, data: bytes) -> tuple[int, bytes] | None:
        """Number and payload, if nothing is waiting and ``data`` is exactly one expected plain message.

        The quickest way. None means nothing; ``data`` is untouched then.
        """
        if self._take_plain is None or self._chunk or self._head or len(data) > self.max_message_bytes:
            return None
        return self._take_plain(data)

    def take_some_plain(self, data: bytes) -> tuple[Sequence[tuple[int, bytes]], int]:
        """Numbers and payloads of the expected plain messages with which ``data`` begins, and where they end.

        Gives none while something is waiting. What follows them is untouched: it is for ``take`` or ``feed``.
        """
        if self._take_some_plain is None or self._chunk or self._head:
            return (), 0
        return self._take_some_plain(data, self.max_message_bytes)

    def feed(self, data: bytes) -> None:
        """Add bytes that arrived; after an error they are dropped.

        Args:
            data: Kept as it is; copied if it is any other kind of buffer, which may change later.
        """
        if self._error is not None or not data:
            return
        if type(data) is not bytes:
            data = bytes(data)
        if self._chunk:
            data = self._chunk[self._position :] + data
        self._chunk = data
        self._position = 0

    def next(self) -> Message | None:
        """The next message; None if it has not arrived whole.

        Raises:
            ProtocolError: If the bytes are no message; the same error again each time.
            MessageTooLarge: If it is larger than the limit.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        if not self._chunk:
            return None
        try:
            return self._next()
        except ProtocolError as error:
            self._fail(error)
            raise

    def _next(self) -> Message | None:
        codec = self._codec
        if self._header is None:
            if codec is None:
                codec = self._detect()
                if codec is None:
                    return None
            if not self._head:
                message = self._next_in_chunk(codec)
                if message is not None:
                    return message
            if not self._fill(codec, codec.HEADER_SIZE):
                return None
            self._header = codec.parse_header(self._head)
            self._check_size(self._header)
            self._missing = self._header.payload_size
        header = self._header
        assert codec is not None
        if not self._fill(codec, codec.HEADER_SIZE + header.annotations_size) or not self._gather():
            return None
        annotations = NO_ANNOTATIONS
        if header.annotations_size:
            annotations = codec.parse_annotations(self._head, codec.HEADER_SIZE, len(self._head))
        payload: Any
        if self.keeps_pieces and ANNOTATION_BUFFERS in annotations:
            payload = Pieces(self._parts)
            self._parts = []
        else:
            payload = b"".join(self._parts)
            self._parts.clear()
        self._head = bytearray()
        self._header = None
        whole: Message = codec.assemble(header, annotations, payload)
        if type(payload) is Pieces and (whole.kind not in _WITH_BUFFERS or whole.flags & COMPRESSED):
            whole.payload = b"".join(payload.parts)
        return whole

    def _detect(self) -> Codec | None:
        lacking = PREFIX_SIZE - len(self._head)
        start = bytes(self._head) + self._chunk[self._position : self._position + lacking]
        self._codec = detect(start, self._codecs)
        if self._codec is None:
            self._head += start[len(self._head) :]
            self._consume(len(start))
        return self._codec

    def _next_in_chunk(self, codec: Codec) -> Message | None:
        """The next message, if all of it is in one piece: its payload is cut out, and nothing else copied."""
        chunk, position = self._chunk, self._position
        if not position:
            message = codec.whole(chunk, self.max_message_bytes)
            if message is not None:
                self._chunk = b""
                return message
        body = position + codec.HEADER_SIZE
        if body > len(chunk):
            return None
        header = codec.parse_header(chunk, position)
        self._check_size(header)
        start = body + header.annotations_size
        end = start + header.payload_size
        if end > len(chunk):
            return None
        annotations = codec.parse_annotations(chunk, body, start) if start > body else NO_ANNOTATIONS
        self._consume(end - position)
        return codec.assemble(header, annotations, chunk[start:end])

    def _check_size(self, header: Header) -> None:
        size = header.payload_size + header.annotations_size
        if size > self.max_message_bytes:
            raise MessageTooLarge(size, self.max_message_bytes)

    def _consume(self, size: int) -> None:
        self._position += size
        if self._position >= len(self._chunk):
            self._chunk = b""
            self._position = 0

    def _fill(self, codec: Codec, size: int) -> bool:
        """Bring header and annotations to ``size`` bytes; False if they have not arrived."""
        head = self._head
        lacking = size - len(head)
        if lacking > 0:
            piece = self._chunk[self._position : self._position + lacking]
            head += piece
            self._consume(len(piece))
            prefix = codec.PREFIX
            if not head.startswith(prefix[: len(head)]):
                self._refuse_prefix(codec)
        return len(head) >= size

    def _refuse_prefix(self, codec: Codec) -> None:
        # A wrong tag is told at once; the number of a wrong version takes all six bytes.
        start = bytes(self._head[:PREFIX_SIZE])
        if len(start) == PREFIX_SIZE or start[:4] != codec.PREFIX[: min(4, len(start))]:
            raise codec.foreign(start)

    def _gather(self) -> bool:
        """Collect the payload; False if it has not arrived whole."""
        missing = self._missing
        chunk, position = self._chunk, self._position
        if missing and chunk:
            size = min(missing, len(chunk) - position)
            parts = self._parts
            if size < _SMALL_PIECE_BYTES:
                if not parts or type(parts[-1]) is not bytearray:
                    parts.append(bytearray())
                tail = parts[-1]
                assert type(tail) is bytearray
                tail += chunk[position : position + size]
            elif size == len(chunk):
                parts.append(chunk)
            else:
                parts.append(memoryview(chunk)[position : position + size])
            self._consume(size)
            self._missing = missing - size
        return not self._missing

    def _fail(self, error: ProtocolError) -> None:
        self._error = error
        self.expect_plain(None)
        self._chunk = b""
        self._position = 0
        self._head = bytearray()
        self._header = None
        self._parts.clear()
        self._missing = 0
