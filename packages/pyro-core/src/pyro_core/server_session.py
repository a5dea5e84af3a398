"""The server's half of a connection's dialogue, without the connection."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from pyro_core import features as extras
from pyro_core.bulk import Pieces
from pyro_core.call_numbers import number_after
from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.events import (
    CallArrived,
    ConnectArrived,
    PeerBroke,
    ReplyArrived,
    ServerEvent,
    duplex_event,
)
from pyro_core.framebuffer import FrameBuffer
from pyro_core.names import ANNOTATION_FEATURES
from pyro_core.wire.codec import CODECS, bulky
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
)
from pyro_core.wire.refusal import encode_reason, neither_call_nor_ping, not_connected, stock_reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from pyro_core.settings import Limits
    from pyro_core.wire.codec import Codec, Codecs
    from pyro_core.wire.plain import PackPlain, PlainCalls, TakePlain

    State = Literal["awaiting", "deciding", "open", "closed"]


class ServerSession:
    """Takes a client's bytes, tells what they mean, and makes the bytes of the answers.

    Feed ``receive_data``, look at ``events``, and send what ``data_to_send`` gives (pongs and refusals). A
    client that breaks the protocol becomes the event ``PeerBroke``; ``receive_data`` never raises. The
    protocol version is that of the client's first message.

    ``reply`` may be used from any thread; everything else by one thread at a time, except that ``call`` may
    be used by another one than receives.

    Args:
        limits: Of these, ``max_handshake_bytes`` holds until the handshake was accepted, and
            ``max_message_bytes`` from then on.
        features: Extras that this server can do.
        require_handshake: False for a socket that was connected by the program itself: calls are welcome at
            once, and so is a handshake.
        codecs: What clients may speak.

    Attributes:
        codecs: As given.
        state: ``"awaiting"`` a handshake, ``"deciding"`` about it, ``"open"``, or ``"closed"``.
        features: Extras that hold; none before the handshake was accepted.
    """

    __slots__ = (
        "_agreed",
        "_buffer",
        "_called",
        "_calling",
        "_events",
        "_limits",
        "_may_connect",
        "_out",
        "_supported",
        "codecs",
        "features",
        "state",
    )

    def __init__(
        self,
        *,
        limits: Limits,
        features: AbstractSet[str] = frozenset(),
        require_handshake: bool = True,
        codecs: Codecs = CODECS,
    ) -> None:
        self.state: State = "awaiting" if require_handshake else "open"
        self.features: frozenset[str] = frozenset()
        self.codecs = codecs
        self._agreed: frozenset[str] | None = None
        self._supported = features
        self._limits = limits
        self._may_connect = True
        limit = limits.max_message_bytes
        if require_handshake:
            limit = min(limit, limits.max_handshake_bytes)
        self._buffer = FrameBuffer(max_message_bytes=limit, codecs=codecs)
        self._events: list[ServerEvent] = []
        self._out = b""
        self._called = 0  # number of the last call that the server made
        self._calling: set[int] | None = None  # numbers of those whose answers are due, once there were any

    def support(self, features: AbstractSet[str]) -> None:
        """Agree to these extras from now on. To be called before anything is received."""
        self._supported = features

    @property
    def version(self) -> int | None:
        """Protocol version of the client; None before its first six bytes."""
        return self._buffer.version

    @property
    def codec(self) -> Codec:
        """The client's; before its first six bytes the preferred one."""
        return self.codecs[self.version or next(iter(self.codecs))]

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""
        return self.state != "deciding" and self._buffer.mid_message

    def receive_data(self, data: bytes) -> None:
        """Take bytes that arrived. Never raises: what is wrong with them becomes an event."""
        message = self.call_from(data)
        if message is not None:
            self._events.append(CallArrived(message))

    def call_from(self, data: bytes) -> Message | None:
        """The quick way for most data: the call, if nothing is waiting and ``data`` is exactly one.

        Otherwise does what ``receive_data`` does and gives None: look at ``events`` then.
        Take earlier events first.
        """
        try:
            if self.state == "open":
                message = self._buffer.take(data)
                if message is None:
                    self._advance()
                elif message.kind == INVOKE and not message.flags & COMPRESSED:
                    return message
                else:
                    self._handle(message)
            elif self.state == "awaiting":
                self._buffer.feed(data)
                self._advance()
            elif self.state == "deciding":
                self._hold(data)
        except ProtocolError as error:
            self._broke(error)
        return None

    def expect_plain(self, serializer_id: int) -> tuple[TakePlain, PlainCalls, PackPlain] | None:
        """Take plain calls (see ``pyro_core.wire.plain``) the quickest way from now on.

        Args:
            serializer_id: Of calls and results.

        Returns:
            What gives number and payload of a plain call, if the bytes are exactly that and nothing else is
            waiting; what gives those of all with which the bytes begin, and where they end; and what makes
            the RESULT, without any check. None if there are no plain calls here.
        """
        calls, results = self.codec.plain(INVOKE, serializer_id), self.codec.plain(RESULT, serializer_id)
        if calls is None or results is None:
            return None
        self._buffer.expect_plain(calls)
        return self._buffer.take_plain, self._buffer.take_some_plain, results[0]

    def events(self) -> list[ServerEvent]:
        """What happened since the last time, in order.

        After ``accept``, this also gives what the client sent before it knew that it was accepted.
        """
        if self.state == "open" and self._buffer.mid_message:
            try:
                self._advance()
            except ProtocolError as error:
                self._broke(error)
        events = self._events
        if events:
            self._events = []
        return events

    def data_to_send(self) -> bytes:
        """What the session itself has to say; empty most of the time."""
        out = self._out
        if out:
            self._out = b""
        return out

    @property
    def agreeable(self) -> frozenset[str]:
        """Extras that will hold once the client is accepted."""
        return self._agreed or frozenset()

    def accept(
        self,
        request: Message,
        payload: Buffer,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        *,
        without: AbstractSet[str] = frozenset(),
    ) -> bytes:
        """The CONNECTOK that lets a client in; nothing if it broke the protocol meanwhile.

        Args:
            request: The message of ``ConnectArrived``.
            payload: The answer, in the request's serializer.
            annotations: To go with it.
            without: Extras that shall not hold after all.
        """
        if self.state == "closed":
            return b""
        if self._agreed is not None:
            if without:
                self._agreed -= without
            annotations = {**annotations, ANNOTATION_FEATURES: extras.offer(self._agreed)}
            self.features = self._agreed
            self._buffer.keeps_pieces = extras.BUFFERS in self._agreed
        answer = self.codecs[request.version].pack(
            CONNECT_OK,
            request.serializer_id,
            request.seq,
            payload,
            request.flags & META_ON_CONNECT,
            annotations,
            request.correlation_id,
        )
        self._buffer.max_message_bytes = self._limits.max_message_bytes
        self.state = "open"
        return answer

    def reject(
        self, request: Message | None, reason: str | Buffer, *, serializer_id: int | None = None
    ) -> bytes:
        """The CONNECTFAIL that turns a client away. Send it, and close the connection.

        Args:
            request: The message of ``ConnectArrived``; None if there is none, for example because the server
                is full.
            reason: What to tell the client; a text, or with ``serializer_id`` a payload.
            serializer_id: With what the payload was serialized.
        """
        self.state = "closed"
        if request is None:
            codec, seq, correlation_id = self.codec, 0, None
        else:
            codec, seq, correlation_id = self.codecs[request.version], request.seq, request.correlation_id
        payload = encode_reason(reason) if isinstance(reason, str) else reason
        if serializer_id is None:
            serializer_id = codec.MARSHAL_ID
        return codec.pack(CONNECT_FAIL, serializer_id, seq, payload, correlation_id=correlation_id)

    def reply(
        self,
        request: Message,
        payload: Any,
        *,
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
        serializer_id: int | None = None,
        compress: bool = False,
    ) -> Any:
        """The RESULT of a call: bytes, or for a payload in pieces a list of buffers to be sent in turn.

        Args:
            request: The message of ``CallArrived``.
            payload: Serialized result or exception: bytes or ``Pieces``.
            flags: Such as ``EXCEPTION``.
            annotations: To go with it.
            correlation_id: If it is not the request's.
            serializer_id: If it is not the request's.
            compress: Compress the payload if that makes it shorter.

        Raises:
            MessageTooLarge: If the payload is larger than ``max_message_bytes``.
            ProtocolError: If an annotation id is not four ASCII characters.
        """
        size = len(payload)
        if size > self._limits.max_message_bytes:
            raise MessageTooLarge(size, self._limits.max_message_bytes, "reply")
        if compress and type(payload) is not Pieces:
            packed = compressed_form(payload)
            if packed is not None:
                payload = packed
                flags |= COMPRESSED
        parts = (
            RESULT,
            request.serializer_id if serializer_id is None else serializer_id,
            request.seq,
            payload,
            flags,
            annotations,
            request.correlation_id if correlation_id is None else correlation_id,
        )
        if type(payload) is Pieces:
            return bulky(self.codecs[request.version], Message(*parts))
        return self.codecs[request.version].pack(*parts)

    def call(
        self,
        serializer_id: int,
        payload: Buffer,
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
    ) -> tuple[int, bytes]:
        """The INVOKE of a call to an object that the client has offered, where both agreed on ``callback``.

        Args:
            serializer_id: Of the payload.
            payload: Serialized call.
            flags: Such as ``ONEWAY``, with which no answer is expected.
            annotations: To go with it.
            correlation_id: 16 bytes, or None.

        Returns:
            Its number, which ``ReplyArrived`` will have, and the bytes.

        Raises:
            MessageTooLarge: If the payload is larger than ``max_message_bytes``.
            ProtocolError: If 65536 calls are under way.
        """
        if len(payload) > self._limits.max_message_bytes:
            raise MessageTooLarge(len(payload), self._limits.max_message_bytes, "call")
        if self._calling is None:
            self._calling = set()
        seq = number_after(self._called, self._calling)
        data = self.codec.pack(INVOKE, serializer_id, seq, payload, flags, annotations, correlation_id)
        self._called = seq
        if not flags & ONEWAY:
            self._calling.add(seq)
        return seq, data

    def _advance(self) -> None:
        while self.state in ("awaiting", "open") and (message := self._buffer.next()) is not None:
            self._handle(message)

    def _hold(self, data: bytes) -> None:
        # A client may send calls before it knows that it is accepted; they are looked at afterwards.
        self._buffer.feed(data)
        if self._buffer.pending > self._limits.max_handshake_bytes:
            raise MessageTooLarge(
                self._buffer.pending, self._limits.max_handshake_bytes, "data sent before the handshake's end"
            )

    def _handle(self, message: Message) -> None:
        kind = message.kind
        if kind == CONNECT and self._may_connect:
            inflated(message, self._buffer.max_message_bytes)
            self._may_connect = False
            offer = message.annotations.get(ANNOTATION_FEATURES)
            if offer is not None:
                self._agreed = extras.agree(extras.parse(offer), self._supported)
            self.state = "deciding"
            self._events.append(ConnectArrived(message, self._agreed or frozenset()))
        elif self.state == "awaiting":
            raise not_connected(message)
        elif kind == INVOKE:
            self._events.append(CallArrived(inflated(message, self._buffer.max_message_bytes)))
        elif kind == PING:
            self._out += self.codecs[message.version].pack(
                PING, message.serializer_id, message.seq, b"pong", correlation_id=message.correlation_id
            )
        elif not self._handle_duplex(message):
            raise neither_call_nor_ping(message)

    def _handle_duplex(self, message: Message) -> bool:
        """Take what only clients that agreed to it may send; False if this is nothing of that."""
        if not self.features:
            return False
        message = inflated(message, self._buffer.max_message_bytes)
        event: ServerEvent | None = duplex_event(message, self.features)
        if event is None:
            if message.kind != RESULT or self._calling is None or message.seq not in self._calling:
                return False
            self._calling.discard(message.seq)
            event = ReplyArrived(message)
        self._events.append(event)
        return True

    def _broke(self, error: ProtocolError) -> None:
        if self.state == "awaiting":
            self._out += self.reject(None, stock_reason(error))
        self.state = "closed"
        self._buffer.expect_plain(None)
        self._events.append(PeerBroke(error))
