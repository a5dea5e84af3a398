"""The client's half of a connection's dialogue, without the connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyro_core import features as extras
from pyro_core.bulk import Pieces
from pyro_core.call_numbers import number_after
from pyro_core.delivery import delivered
from pyro_core.duplex import pack_cancel
from pyro_core.errors import NOT_EXECUTED, MessageTooLarge, ProtocolError
from pyro_core.events import (
    Accepted,
    CallArrived,
    ClientEvent,
    PeerBroke,
    PongArrived,
    Refused,
    ReplyArrived,
    WrongVersion,
    duplex_event,
)
from pyro_core.framebuffer import FrameBuffer
from pyro_core.names import ANNOTATION_FEATURES, PING_SERIALIZER_ID
from pyro_core.plain_session import plain_ways
from pyro_core.wire.codec import CODECS, bulky, codec_for
from pyro_core.wire.compression import compress as compressed_form
from pyro_core.wire.compression import inflated
from pyro_core.wire.message import (
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    INVOKE,
    META_ON_CONNECT,
    NO_ANNOTATIONS,
    ONEWAY,
    PING,
    RESULT,
    Buffer,
    Message,
    kind_name,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from pyro_core.settings import Limits
    from pyro_core.wire.codec import Codecs
    from pyro_core.wire.plain import PlainCall, PlainReplies, PlainReply

    State = Literal["idle", "connecting", "open", "closed"]


class ClientSession:
    """Makes the bytes of requests, takes a server's bytes and tells what they mean.

    Send what ``connect``, ``call`` and ``ping`` give; feed ``receive_data`` and look at ``events``. A server
    that breaks the protocol becomes the event ``PeerBroke``; receiving never raises. One call is under way at
    a time, unless both sides agreed on ``calls``.

    One thread at a time may make requests, and one at a time may receive; they may be two threads.

    Args:
        version: Protocol version to speak.
        limits: Of these, ``max_message_bytes`` holds for what is sent and received.
        features: Extras to offer.
        require_handshake: False for a socket that was connected by the program itself: calls are possible at
            once.
        codecs: The one for ``version`` is among them.

    Attributes:
        codec: Makes and reads the messages.
        version: Protocol version.
        offered: Extras that are offered.
        seq: Sequence number of the last request.
        state: ``"idle"``, ``"connecting"``, ``"open"`` or ``"closed"``.
        features: Extras that hold; none before the handshake was accepted.
    """

    __slots__ = (
        "_buffer",
        "_events",
        "_forgotten",
        "_max_message_bytes",
        "_pack",
        "_pings",
        "_waiting",
        "codec",
        "features",
        "offered",
        "seq",
        "state",
        "version",
    )

    def __init__(
        self,
        *,
        version: int,
        limits: Limits,
        features: Iterable[str] = (),
        require_handshake: bool = True,
        codecs: Codecs = CODECS,
    ) -> None:
        self.version = version
        self.seq = 0
        self.state: State = "idle" if require_handshake else "open"
        self.features: frozenset[str] = frozenset()
        self.offered = frozenset(features)
        self.codec = codec_for(version, codecs)
        self._pack = self.codec.pack
        self._max_message_bytes = limits.max_message_bytes
        self._buffer = FrameBuffer(max_message_bytes=limits.max_message_bytes, codecs=codecs)
        self._events: list[ClientEvent] = []
        self._waiting: set[int] = set()  # numbers of the calls whose answers are due
        self._forgotten: set[int] = set()  # those of them whose answers nobody wants any more
        self._pings = 0

    def limit(self, max_message_bytes: int) -> None:
        """Let another limit hold for messages from now on, in bytes."""
        self._max_message_bytes = self._buffer.max_message_bytes = max_message_bytes

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""
        return self._buffer.mid_message

    def connect(
        self,
        serializer_id: int,
        payload: Buffer,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
        *,
        flags: int = META_ON_CONNECT,
    ) -> bytes:
        """The CONNECT that begins the dialogue.

        Args:
            serializer_id: Of the payload, in the numbering of ``version``.
            payload: Serialized handshake.
            annotations: To go with it; the offer of extras is added.
            correlation_id: 16 bytes, or None.
            flags: In protocol 48, ``META_ON_CONNECT`` asks for the object's members in the answer.
        """
        if self.offered:
            annotations = {**annotations, ANNOTATION_FEATURES: extras.offer(self.offered)}
        data = self._pack(CONNECT, serializer_id, self.seq, payload, flags, annotations, correlation_id)
        self.state = "connecting"
        return data

    def connect_again(self) -> None:
        """Begin with the bytes that ``connect`` gave to a session of the same version and offer."""
        self.state = "connecting"

    def accepted_again(self, features: frozenset[str]) -> None:
        """Take the same answer to ``connect_again`` as the other session got; it agreed on these extras."""
        self._buffer.settle(self.version)
        self._open(features)

    def call(
        self,
        serializer_id: int,
        payload: Any,
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
        *,
        compress: bool = False,
    ) -> Any:
        """The INVOKE of one call; ``seq`` is its number afterwards.

        Bytes, or for a payload in pieces a list of buffers to be sent one after the other.

        Args:
            serializer_id: Of the payload, in the numbering of ``version``.
            payload: Serialized call: bytes or ``Pieces``.
            flags: Such as ``ONEWAY``, with which no answer is expected.
            annotations: To go with it.
            correlation_id: 16 bytes, or None.
            compress: Compress the payload if that makes it shorter.

        Raises:
            MessageTooLarge: If the payload is larger than ``max_message_bytes``; nothing has changed then.
            ProtocolError: If an annotation id is not four ASCII characters; nothing has changed then.
        """
        size = len(payload)
        if size > self._max_message_bytes:
            raise delivered(MessageTooLarge(size, self._max_message_bytes, "call"), NOT_EXECUTED)
        if compress and type(payload) is not Pieces:
            packed = compressed_form(payload)
            if packed is not None:
                payload = packed
                flags |= COMPRESSED
        seq = (self.seq + 1) & 0xFFFF
        if seq in self._waiting:
            seq = number_after(seq, self._waiting)
        if type(payload) is Pieces:
            parts: Any = (INVOKE, serializer_id, seq, payload, flags, annotations, correlation_id)
            data: Any = bulky(self.codec, Message(*parts))
        else:
            data = self._pack(INVOKE, serializer_id, seq, payload, flags, annotations, correlation_id)
        self.seq = seq
        if not flags & ONEWAY:
            self._waiting.add(seq)
        return data

    def plain_ways(
        self, serializer_id: int, annotations: Mapping[str, bytes] = NO_ANNOTATIONS
    ) -> tuple[PlainCall, PlainReply, PlainReplies] | None:
        """The quickest way for plain messages (see ``pyro_core.wire.plain``); None if there are none here.

        Args:
            serializer_id: Of calls and results.
            annotations: Of each call.

        Returns:
            Three functions. The first gives number and INVOKE of a call with some payload, which must not be
            larger than the limit for messages. The second gives the payload of an answer, if some data is
            exactly the plain answer to the call with some number and nothing else is waiting; None means
            nothing. The third gives numbers and payloads of the plain answers with which some data begins,
            and where they end. What they do not take is for ``reply_from``.
        """
        calls = self.codec.plain(INVOKE, serializer_id, annotations)
        results = self.codec.plain(RESULT, serializer_id)
        if calls is None or results is None:
            return None
        self._buffer.expect_plain(results)
        return plain_ways(self, calls[0], self._buffer, self._waiting, self._forgotten)

    def cancel(self, seq: int, *, forget: bool = True) -> bytes:
        """The CANCEL of a call.

        Args:
            seq: Number of the call.
            forget: Nobody wants its answer any more: what still comes of it is dropped.

        Returns:
            Bytes to send; empty if the server does not know this extra, or the answer is there already.
        """
        if seq not in self._waiting:
            return b""
        if forget:
            self._forgotten.add(seq)
        return pack_cancel(self.codec, seq) if extras.CANCEL in self.features else b""

    @property
    def forgotten(self) -> int:
        """Number of calls whose answers are due, and wanted by nobody."""
        return len(self._forgotten)

    def answer(self, request: Message, payload: Buffer, flags: int = 0) -> bytes:
        """The RESULT of a call that the server made.

        Args:
            request: The message of ``CallArrived``.
            payload: Serialized result or exception.
            flags: Such as ``EXCEPTION``.

        Raises:
            MessageTooLarge: If the payload is larger than ``max_message_bytes``.
        """
        if len(payload) > self._max_message_bytes:
            raise MessageTooLarge(len(payload), self._max_message_bytes, "reply")
        request_id = request.correlation_id
        return self._pack(
            RESULT, request.serializer_id, request.seq, payload, flags, NO_ANNOTATIONS, request_id
        )

    def ping(self) -> bytes:
        """The PING that asks whether the server still lives."""
        self._pings += 1
        return self._pack(PING, PING_SERIALIZER_ID, 0, b"ping")

    @property
    def arriving(self) -> tuple[int, int] | None:
        """Bytes of the payload under way that are there, and how many it will have; None if there is none."""
        return self._buffer.arriving

    def reply_from(self, data: bytes) -> Message | None:
        """The quick way for most data: the reply, if nothing is waiting and ``data`` is exactly that.

        Otherwise does what ``receive_data`` does and gives None: look at ``events`` then.
        Take earlier events first.
        """
        if self.state == "closed":
            return None
        try:
            message = self._buffer.take(data)
            if message is None:
                self._advance()
            elif (
                message.kind == RESULT
                and message.seq in self._waiting
                and not message.flags & COMPRESSED
                and message.seq not in self._forgotten
            ):
                self._waiting.discard(message.seq)
                return message
            else:
                self._handle(message)
        except ProtocolError as error:
            self._close(PeerBroke(error))
        return None

    def receive_data(self, data: bytes) -> None:
        """Take bytes that arrived. Never raises: what is wrong with them becomes an event."""
        message = self.reply_from(data)
        if message is not None:
            self._events.append(ReplyArrived(message))

    def events(self) -> list[ClientEvent]:
        """What happened since the last time, in order."""
        events = self._events
        if events:
            self._events = []
        return events

    def _advance(self) -> None:
        while self.state != "closed":
            try:
                message = self._buffer.next()
            except ProtocolError:
                if self._met_other_version():
                    return
                raise
            if self._met_other_version() or message is None:
                return
            self._handle(message)

    def _met_other_version(self) -> bool:
        version = self._buffer.version
        if version is None or version == self.version:
            return False
        self._close(WrongVersion(version))
        return True

    def _handle(self, message: Message) -> None:
        kind = message.kind
        inflated(message, self._buffer.max_message_bytes)
        if kind == RESULT and self._waiting:
            self._take_reply(message)
        elif kind == PING and self._pings:
            self._pings -= 1
            self._events.append(PongArrived(message))
        elif kind == CONNECT_OK and self.state == "connecting":
            agreed = extras.parse(message.annotations.get(ANNOTATION_FEATURES, b""))
            self._open(extras.agree(agreed, self.offered))
            self._events.append(Accepted(message, self.features))
        elif kind == CONNECT_FAIL and self.state == "connecting":
            self._close(Refused(message.payload, message.serializer_id, message))
        elif kind == INVOKE and extras.CALLBACK in self.features:
            self._events.append(CallArrived(message))
        elif (event := duplex_event(message, self.features)) is not None:
            self._events.append(event)
        else:
            expected = self._expected()
            raise ProtocolError(
                f"invalid msg type {kind} received; expected {expected}, received {kind_name(kind)}",
                offset=6,
                expected=expected,
                received=kind,
            )

    def _open(self, features: frozenset[str]) -> None:
        self.features = features
        self._buffer.keeps_pieces = extras.BUFFERS in features
        self.state = "open"

    def _take_reply(self, message: Message) -> None:
        seq = message.seq
        if seq not in self._waiting:
            due = sorted(self._waiting - self._forgotten)
            expected = due[0] if len(due) == 1 else due[:10]
            raise ProtocolError(
                f"reply out of sequence; expected number {expected}, received {seq}",
                expected=expected,
                received=seq,
            )
        self._waiting.discard(seq)
        if seq in self._forgotten:
            self._forgotten.discard(seq)
        else:
            self._events.append(ReplyArrived(message))

    def _expected(self) -> str:
        if self.state == "connecting":
            return "CONNECTOK or CONNECTFAIL"
        return " or ".join(["RESULT"] * bool(self._waiting) + ["PING"] * bool(self._pings)) or "nothing"

    def _close(self, event: ClientEvent) -> None:
        self.state = "closed"
        self._buffer.expect_plain(None)
        self._events.append(event)
