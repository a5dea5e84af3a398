"""How whatever became of a call is put into a RESULT."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pyro_core.bulk import Pieces
from pyro_core.calls import StreamHandle
from pyro_core.context import CallContext, checked_annotations
from pyro_core.convert import BatchFailure
from pyro_core.errors import ProtocolError, SerializeError
from pyro_core.features import ONCE
from pyro_core.names import ANNOTATION_DELIVERY, ANNOTATION_STREAM, DAEMON_ID
from pyro_core.net.pump import finish
from pyro_core.remote_errors import TRACEBACK_ATTRIBUTE
from pyro_core.serializer import Serializer
from pyro_core.server_session import ServerSession
from pyro_core.wire.message import BATCH, EXCEPTION, NO_ANNOTATIONS, ONEWAY, RESULT, STREAM, Message
from pyro_server.connection import Connection
from pyro_server.failures import encode_batch, encode_failure
from pyro_server.refusals import not_accepted

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost


def joined(answer: Any) -> bytes:
    """An answer that may be a list of buffers, in one."""
    return b"".join(answer) if type(answer) is list else answer


class Answers:
    """Makes the answers to one connection's calls. Thread-safe.

    Args:
        host: The daemon's innards.
        connection: The connection.
        session: Its session.
    """

    __slots__ = ("_annotate", "_compress", "_connection", "_host", "_max_bytes", "_session")

    def __init__(self, host: "DaemonHost", connection: Connection, session: ServerSession) -> None:
        self._host = host
        self._connection = connection
        self._session = session
        self._annotate = host.annotate
        self._compress = host.settings.compression
        self._max_bytes = host.settings.limits.max_message_bytes

    def value(
        self,
        request: Message,
        payload: Any,
        flags: int,
        context: CallContext,
        system: Mapping[str, bytes] = NO_ANNOTATIONS,
    ) -> Any:
        """The answer with a result that is encoded already: bytes, or a list of buffers.

        Args:
            request: What is answered.
            payload: The encoded result, bytes or ``Pieces``.
            flags: Neutral flags.
            context: The call.
            system: Annotations that are not the user's.

        Raises:
            MessageTooLarge: If the payload is larger than ``max_message_bytes``.
            ProtocolError: If the method gave annotations that cannot be sent.
        """
        annotations = context.known_response_annotations
        if annotations:
            annotations = checked_annotations(annotations)
        if self._annotate is not None:
            annotations = {**checked_annotations(self._annotate()), **annotations}
        if system:
            annotations = {**annotations, **system}
        if self._compress or len(payload) > self._max_bytes or type(payload) is Pieces:
            return self._session.reply(
                request,
                payload,
                flags=flags,
                annotations=annotations,
                correlation_id=context.known_correlation_id,
                compress=self._compress,
            )
        return self._session.codecs[request.version].pack(
            RESULT,
            request.serializer_id,
            request.seq,
            payload,
            flags,
            annotations,
            context.known_correlation_id,
        )

    def failure(
        self,
        request: Message,
        serializer: Serializer,
        error: BaseException,
        context: CallContext,
        delivery: bytes = b"",
    ) -> Any:
        """The answer for a call that raised; nothing if it was oneway.

        Args:
            request: What is answered.
            serializer: Its serializer.
            error: What was raised.
            context: The call.
            delivery: What became of the call, if it was not executed (see ``pyro_core.call_ids``).
        """
        if not (context.object_id == DAEMON_ID and isinstance(error, StopIteration)):
            self._host.call_failed(context, error)
        if request.flags & ONEWAY:
            return b""
        payload = encode_failure(
            serializer,
            error,
            request.version,
            trace=self._host.trace,
            max_bytes=self._max_bytes,
        )
        told = (
            {ANNOTATION_DELIVERY: delivery} if delivery and ONCE in self._session.features else NO_ANNOTATIONS
        )
        try:
            return self.value(request, payload, EXCEPTION, context, told)
        except Exception:  # the annotations, or the hook that gives them: then the error goes without
            return self._session.reply(request, payload, flags=EXCEPTION)

    def unread(self, request: Message, serializer: Serializer) -> Any:
        """The answer, in another serializer, to a request whose own must not be touched."""
        error = SerializeError(not_accepted(request), serializer=str(request.serializer_id))
        payload = serializer.encode_value(error)
        return self._session.reply(
            request, payload, flags=EXCEPTION, serializer_id=serializer.wire_ids[request.version]
        )

    def stream(self, request: Message, serializer: Serializer, items: Any, context: CallContext) -> Any:
        """The answer that tells of an item stream. Stock peers expect it to look like an error."""
        system: Mapping[str, bytes] = NO_ANNOTATIONS
        if self._host.settings.streaming:
            system = {ANNOTATION_STREAM: self._open(items).encode("ascii")}
        else:
            finish(items)
        notice = ProtocolError("result of call is an iterator")
        setattr(notice, TRACEBACK_ATTRIBUTE, None)  # what stock clients get here
        return self.value(request, serializer.encode_value(notice), EXCEPTION | STREAM, context, system)

    def batch(
        self, request: Message, serializer: Serializer, results: list[Any], context: CallContext
    ) -> Any:
        """The answer to a batch; nothing if it was oneway."""
        if results and isinstance(results[-1], BatchFailure):
            self._host.call_failed(context, results[-1].error)
        if request.flags & ONEWAY:
            return b""
        payload = encode_batch(serializer, results, self._host.trace)
        return self.value(request, payload, BATCH, context)

    def stream_handle(self, items: Any) -> StreamHandle:
        """What stands in a batch's results for an item stream."""
        if not self._host.settings.streaming:
            finish(items)
            return StreamHandle(None)
        return StreamHandle(self._open(items))

    def _open(self, items: Any) -> str:
        return self._host.streams.open(items, self._connection)
