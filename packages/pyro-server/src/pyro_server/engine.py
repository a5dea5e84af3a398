"""The server's side of one connection: requests in, answers out, no socket.

Between a session, which knows messages, and the dispatcher, which knows objects, this decodes, keeps the
call's context, and makes an answer of whatever happens.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyro_core.calls import Blob
from pyro_core.context import CallContext, checked_annotations, enter_call, leave_call
from pyro_core.convert import BatchFailure
from pyro_core.errors import ProtocolError, SerializeError
from pyro_core.events import CallArrived, ConnectArrived, ServerEvent
from pyro_core.features import SUPPORTED
from pyro_core.names import ANNOTATION_BLOB, ANNOTATION_STREAM, DAEMON_ID, PROTOCOL_48
from pyro_core.remote_errors import TRACEBACK_ATTRIBUTE
from pyro_core.serializer import Serializer
from pyro_core.server_session import ServerSession
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import (
    BATCH,
    EXCEPTION,
    KEEP_SERIALIZED,
    NO_ANNOTATIONS,
    ONEWAY,
    RESULT,
    STREAM,
    Message,
)
from pyro_server.blobs import read_blob_annotation
from pyro_server.connection import Connection
from pyro_server.dispatch import PLAIN, is_iterator
from pyro_server.failures import encode_batch, encode_failure
from pyro_server.handshake import greeting, refusal

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost

_SPECIAL = BATCH | KEEP_SERIALIZED


class Request:
    """One message that waits to be run.

    Attributes:
        message: The message.
        oneway: Nobody waits for an answer.
        is_handshake: It is a CONNECT and not a call.
    """

    __slots__ = ("is_handshake", "message", "oneway")

    def __init__(self, message: Message, oneway: bool, is_handshake: bool) -> None:
        self.message = message
        self.oneway = oneway
        self.is_handshake = is_handshake


class ServerEngine:
    """Implements ``pyro_core.transport.Engine``.

    Args:
        host: The daemon's innards.
        connection: What hooks and methods see of the connection.
        require_handshake: False for a socket that the program connected itself.

    Attributes:
        awaiting_handshake: True until the client's handshake was accepted.
        closing: True when the connection must be closed after ``output`` was sent.
        connection: As given.
    """

    __slots__ = (
        "_accepted",
        "_annotate",
        "_call",
        "_compress",
        "_gate",
        "_host",
        "_max_bytes",
        "_open",
        "_pack",
        "_serializer",
        "_serializers",
        "_session",
        "awaiting_handshake",
        "closing",
        "connection",
    )

    def __init__(self, host: "DaemonHost", connection: Connection, *, require_handshake: bool = True) -> None:
        self._host = host
        self.connection = connection
        self._session = ServerSession(
            limits=host.settings.limits, features=SUPPORTED, require_handshake=require_handshake
        )
        self._serializers: dict[int, Serializer] = {}
        self._serializer: Serializer | None = None  # that of the handshake
        self._pack = codec_for(PROTOCOL_48).pack
        self._call = host.dispatcher.call
        self._annotate = host.annotate
        self._compress = host.settings.compression
        self._max_bytes = host.settings.limits.max_message_bytes
        self._gate = threading.Lock()
        self._open = True
        self.awaiting_handshake = require_handshake
        self.closing = False

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""
        return self._session.mid_message

    def receive(self, data: bytes) -> Sequence[Request]:
        """Take bytes that arrived; gives the requests they completed, in order."""
        if self.awaiting_handshake:
            with self._gate:  # another thread may be deciding about the handshake
                self._session.receive_data(data)
                return self._requests(self._session.events())
        message = self._session.call_from(data)
        if message is not None:
            return (Request(message, message.flags & ONEWAY != 0, False),)
        return self._requests(self._session.events())

    def output(self) -> bytes:
        """Take what the session has to say by itself."""
        return self._session.data_to_send()

    def run(self, work: Request) -> bytes:
        """Run one request; gives the bytes of the answer, empty for none."""
        if work.is_handshake:
            return self._shake_hands(work.message)
        request = work.message
        serializer = self._serializers.get(request.serializer_id)
        if serializer is None:
            serializer = self._find_serializer(request)
            if serializer is None:
                return self._refuse_serializer(request)
        context = self._context(request, serializer)
        token = enter_call(context)
        try:
            if request.flags & _SPECIAL:
                return self._run_special(request, serializer, context)
            object_id, method, args, kwargs = serializer.decode_call(request.payload)
            context.object_id = object_id
            context.method = method
            result = self._call(object_id, method, args, kwargs, self.connection.sessions)
            if work.oneway:
                return self._discard(result)
            if type(result) not in PLAIN and is_iterator(result):
                return self._stream(request, serializer, result, context)
            return self._reply(request, serializer.encode_value(result), 0, context)
        except BaseException as error:
            # SystemExit and KeyboardInterrupt too: they are the answer to this call.
            return self._fail(request, serializer, error, context)
        finally:
            leave_call(token)

    def close(self) -> None:
        """The connection is gone: let go of what belonged to it."""
        if self._open:
            self._open = False
            self.closing = True
            self._host.connection_lost(self.connection, was_accepted=not self.awaiting_handshake)

    # ---- requests

    def _context(self, request: Message, serializer: Serializer) -> CallContext:
        """What a method, or a hook, may know of the request that it serves."""
        return CallContext(
            connection=self.connection,
            daemon=self._host.daemon,
            client_address=self.connection.peer,
            seq=request.seq,
            flags=request.flags,
            serializer=serializer.name,
            version=request.version,
            annotations=request.annotations,
            correlation_id=request.correlation_id,
        )

    def _requests(self, events: Sequence[ServerEvent]) -> list[Request]:
        requests: list[Request] = []
        for event in events:
            if isinstance(event, CallArrived):
                message = event.message
                requests.append(Request(message, message.flags & ONEWAY != 0, False))
            elif isinstance(event, ConnectArrived):
                requests.append(Request(event.message, False, True))
            else:
                self.closing = True
        return requests

    def _run_special(self, request: Message, serializer: Serializer, context: CallContext) -> bytes:
        """A batch, or a call whose argument stays serialized."""
        host, sessions = self._host, self.connection.sessions
        if request.flags & KEEP_SERIALIZED:
            annotation = request.annotations.get(ANNOTATION_BLOB)
            if annotation is None:
                raise ProtocolError(f"a serialized blob came without its annotation {ANNOTATION_BLOB!r}")
            info, context.object_id, context.method = read_blob_annotation(annotation)
            blob = Blob(info, request.payload, serializer)
            result = host.dispatcher.blob(context.object_id, context.method, blob, sessions)
            if request.flags & ONEWAY:
                return self._discard(result)
            if type(result) not in PLAIN and is_iterator(result):
                return self._stream(request, serializer, result, context)
            return self._reply(request, serializer.encode_value(result), 0, context)
        context.object_id, context.method, calls, _ = serializer.decode_call(request.payload)
        results = host.dispatcher.batch(context.object_id, calls, sessions)
        if results and isinstance(results[-1], BatchFailure):
            host.call_failed(context, results[-1].error)
        if request.flags & ONEWAY:
            return b""
        payload = encode_batch(serializer, results, detailed=host.settings.detailed_traceback)
        return self._reply(request, payload, BATCH, context)

    # ---- answers

    def _reply(
        self,
        request: Message,
        payload: bytes,
        flags: int,
        context: CallContext,
        system: Mapping[str, bytes] = NO_ANNOTATIONS,
    ) -> bytes:
        annotations = context.known_response_annotations
        if annotations:
            annotations = checked_annotations(annotations)
        if self._annotate is not None:
            annotations = {**checked_annotations(self._annotate()), **annotations}
        if system:
            annotations = {**annotations, **system}
        if self._compress or len(payload) > self._max_bytes:
            return self._session.reply(
                request,
                payload,
                flags=flags,
                annotations=annotations,
                correlation_id=context.known_correlation_id,
                compress=self._compress,
            )
        return self._pack(
            RESULT,
            request.serializer_id,
            request.seq,
            payload,
            flags,
            annotations,
            context.known_correlation_id,
        )

    def _fail(
        self, request: Message, serializer: Serializer, error: BaseException, context: CallContext
    ) -> bytes:
        """The answer for a call that raised."""
        if not (context.object_id == DAEMON_ID and isinstance(error, StopIteration)):
            self._host.call_failed(context, error)
        if request.flags & ONEWAY:
            return b""
        payload = encode_failure(
            serializer,
            error,
            request.version,
            detailed=self._host.settings.detailed_traceback,
            max_bytes=self._max_bytes,
        )
        try:
            return self._reply(request, payload, EXCEPTION, context)
        except Exception:  # the annotations, or the hook that gives them: then the error goes without
            return self._session.reply(request, payload, flags=EXCEPTION)

    def _stream(self, request: Message, serializer: Serializer, items: Any, context: CallContext) -> bytes:
        """The answer that tells of an item stream. Stock peers expect it to look like an error."""
        system: Mapping[str, bytes] = NO_ANNOTATIONS
        if self._host.settings.streaming:
            stream_id = self._host.streams.open(items, self.connection)
            system = {ANNOTATION_STREAM: stream_id.encode("ascii")}
        else:
            self._discard(items)
        notice = ProtocolError("result of call is an iterator")
        setattr(notice, TRACEBACK_ATTRIBUTE, None)  # what stock clients get here
        return self._reply(request, serializer.encode_value(notice), EXCEPTION | STREAM, context, system)

    @staticmethod
    def _discard(result: object) -> bytes:
        """Nobody wants the result; a generator among them runs its ``finally`` blocks now."""
        if type(result) not in PLAIN and is_iterator(result):
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return b""

    # ---- serializers

    def _find_serializer(self, request: Message) -> Serializer | None:
        accepted = self._host.accepted
        self._serializers = accepted.table(request.version)
        self._pack = codec_for(request.version).pack
        self.connection.version = request.version
        return accepted.find(request.version, request.serializer_id)

    def _refuse_serializer(self, request: Message) -> bytes:
        """Answer a call in the handshake's serializer: its own must not be touched."""
        serializer = self._serializer or self._host.accepted.any_of(request.version)
        if request.flags & ONEWAY:
            return b""
        if serializer is None:
            self.closing = True
            return b""
        error = SerializeError(_not_accepted(request), serializer=str(request.serializer_id))
        payload = serializer.encode_value(error)
        return self._session.reply(
            request, payload, flags=EXCEPTION, serializer_id=serializer.wire_ids[request.version]
        )

    # ---- the handshake

    def _shake_hands(self, request: Message) -> bytes:
        """Let a client in, or turn it away. Also runs calls that came before it knew which."""
        serializer = self._find_serializer(request)
        if serializer is None:
            return self._turn_away(request, _not_accepted(request))
        context = self._context(request, serializer)
        token = enter_call(context)
        try:
            payload = greeting(self._host, self.connection, request, serializer)
            annotations = context.known_response_annotations
            if self._annotate is not None:
                annotations = {**self._annotate(), **annotations}
            annotations = checked_annotations(annotations)
        except BaseException as error:
            # Whatever a validator raises is the reason for turning the client away.
            return self._turn_away(request, str(error) or type(error).__name__, serializer)
        finally:
            leave_call(token)
        with self._gate:
            self._serializer = serializer
            answer = self._session.accept(request, payload, annotations)
            self.awaiting_handshake = False
            early = self._requests(self._session.events())
        return b"".join([answer, *map(self.run, early)])

    def _turn_away(self, request: Message, reason: str, serializer: Serializer | None = None) -> bytes:
        self.closing = True
        if serializer is None:
            return self._session.reject(request, reason)
        payload = refusal(serializer, reason)
        return self._session.reject(request, payload, serializer_id=request.serializer_id)


def _not_accepted(request: Message) -> str:
    return f"message used serializer that is not accepted: {request.serializer_id}"
