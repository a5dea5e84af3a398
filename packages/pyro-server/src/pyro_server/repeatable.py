"""Calls that their callers may repeat: run once, answered as often as they are asked for."""

from typing import TYPE_CHECKING, Any

from pyro_core.call_ids import AGAIN, LEFT_OUT, UNKNOWN, CallId, read_call_id
from pyro_core.errors import CommunicationError, ConnectionClosedError, ProtocolError
from pyro_core.names import ANNOTATION_DELIVERY, ANNOTATION_ONCE
from pyro_core.wire.message import RESULT, Message
from pyro_server import answer_memory
from pyro_server.answer_memory import Entry
from pyro_server.requests import Job, Request

if TYPE_CHECKING:
    from pyro_server.conversation import Conversation
    from pyro_server.engine import ServerEngine


class RepeatableCall(Job):
    """A call that may be a repetition, or may be repeated.

    Attributes:
        request: The call itself. It goes on when the connection is lost.
    """

    __slots__ = ("_codec", "_engine", "_entry", "_wire", "request")

    def __init__(self, engine: "ServerEngine", request: Request, conversation: "Conversation") -> None:
        super().__init__(lambda: None)
        self._codec, self._wire = conversation.codec, conversation.wire
        self.request = request
        self._engine = engine
        self._entry: Entry | None = None

    def run(self) -> Any:
        """Run it, unless that was done already; gives the answer, or nothing if it comes later."""
        known = self.begin()
        if known is not None:
            return known
        answer: Any = b""
        try:
            answer = self._engine.run(self.request)
        finally:
            self.end(answer)
        return answer

    def begin(self) -> Any:
        """What to answer at once; None if the call is to be run, and then ended."""
        engine, message = self._engine, self.request.message
        try:
            call = read_call_id(message.annotations[ANNOTATION_ONCE])
        except ProtocolError as problem:
            return self._refused(problem, LEFT_OUT)
        owner = str(engine.connection.principal)
        verdict, entry = engine.host.memory.begin(owner, call, self._answer_later)
        if verdict == answer_memory.UNKNOWN:
            return self._refused(_cannot_tell(call), UNKNOWN)
        if verdict == answer_memory.KNOWN:
            return self._said_again(entry.answer)
        if verdict == answer_memory.WAIT:
            return b""
        self._entry = entry
        return None

    def end(self, answer: Any) -> None:
        """The call was run.

        Args:
            answer: What was answered; nothing, if nothing was.
        """
        entry = self._entry
        if entry is None:
            return
        data = b"".join(answer) if type(answer) is list else answer
        message = self._codec.decode(data) if data else None
        told = None if message is None else message.annotations.get(ANNOTATION_DELIVERY)
        self._engine.host.memory.end(entry, message, executed=told not in (AGAIN, LEFT_OUT))

    def _answer_later(self, answer: Message | None) -> None:
        try:
            self._wire.send(self._said_again(answer))
        except ConnectionClosedError:
            pass  # its client is gone once more: the answer is kept for when it comes back

    def _said_again(self, answer: Message | None) -> Any:
        message = self.request.message
        if (
            answer is None
            or answer.serializer_id != message.serializer_id
            or answer.version != message.version
        ):
            return self._refused(_not_kept(), b"")
        self._engine.end(self.request)
        return self._codec.encode(
            Message(
                RESULT,
                answer.serializer_id,
                message.seq,
                answer.payload,
                answer.flags,
                answer.annotations,
                answer.correlation_id,
                answer.version,
            )
        )

    def _refused(self, problem: Exception, delivery: bytes) -> Any:
        self._engine.end(self.request)
        return self._engine.refuse(self.request.message, problem, delivery)


def _cannot_tell(call: CallId) -> CommunicationError:
    return CommunicationError(
        f"call {call.number} was made before, and this server cannot tell whether it was executed: it began "
        "later, or has forgotten; find out, or make the call anew if executing it twice does no harm"
    )


def _not_kept() -> CommunicationError:
    return CommunicationError(
        "the call was executed when it was made before, but its answer was not kept: it is too large, or for "
        "another serializer; ask for less at a time, or raise Limits.max_kept_bytes of the daemon"
    )
