"""The server's side of one connection: requests in, answers out, no socket.

Between a session, which knows messages, and the dispatcher, which knows objects, this decodes, keeps the
call's context, and makes an answer of whatever happens.
"""

from collections.abc import Callable, Mapping, Sequence
from sys import getrefcount
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pyro_core.bulk import lift_value
from pyro_core.call_ids import AGAIN, LEFT_OUT
from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.events import CallArrived, ConnectArrived, PeerBroke, ServerEvent
from pyro_core.features import ONCE, TYPES
from pyro_core.names import ANNOTATION_BUFFERS, ANNOTATION_ONCE
from pyro_core.net.pump import finish
from pyro_core.serializer import Serializer
from pyro_core.server_session import ServerSession
from pyro_core.transport import Wire, Work
from pyro_core.wire.message import BATCH, KEEP_SERIALIZED, ONEWAY, RESULT, Message
from pyro_server.agreement import agree
from pyro_server.answers import Answers, joined
from pyro_server.connection import Connection
from pyro_server.conversation import Conversation
from pyro_server.decoding import decoded
from pyro_server.handshake import refusal, welcome
from pyro_server.plain_calls import CONTAINERS, PlainCalls
from pyro_server.refusals import not_accepted, stopping
from pyro_server.repeatable import RepeatableCall
from pyro_server.requests import Job, Request, SurvivingRequest
from pyro_server.results import PLAIN, is_iterator, settled
from pyro_server.special_calls import run_special

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost

_NONE: Mapping[int, Serializer] = MappingProxyType({})
_SPECIAL = BATCH | KEEP_SERIALIZED
_MINE = 2
"""References to a result that only the engine has: its own, and that of who counts them."""


class ServerEngine:
    """Implements ``pyro_core.transport.Engine``.

    Args:
        host: The daemon's innards.
        connection: What hooks and methods see of the connection.
        require_handshake: False for a socket that the program connected itself.

    Attributes:
        shared: Several calls of the client may be under way.
        awaiting_handshake: True until the client's handshake was accepted.
        closing: True when the connection must be closed after ``output`` was sent.
        connection: As given.
        conversation: What goes on beside the calls; None with peers that know nothing of that.
        host: As given.
        max_calls: So many calls of a shared connection may be under way.
        plain: Runs plain calls; None where there are none.
    """

    __slots__ = (
        "_call",
        "_caller",
        "_lifts",
        "_open",
        "_pack",
        "_quick_bytes",
        "_serializer",
        "_serializers",
        "_session",
        "_wire",
        "awaiting_handshake",
        "closing",
        "connection",
        "conversation",
        "host",
        "max_calls",
        "plain",
        "shared",
    )

    def __init__(self, host: "DaemonHost", connection: Connection, *, require_handshake: bool = True) -> None:
        self.host = host
        self.connection = connection
        self._session = ServerSession(
            limits=host.settings.limits,
            features=host.features_without_wire,
            require_handshake=require_handshake,
            codecs=host.codecs,
        )
        self.conversation: Conversation | None = None
        self._wire: Wire | None = None
        self._serializers: Mapping[int, Serializer] = _NONE
        self._serializer: Serializer | None = None  # that of the handshake
        self._pack = self._session.codec.pack
        self._call = host.dispatcher.call
        plain = host.annotate is None and not host.settings.compression
        # Up to this size an answer without annotations needs nothing that takes more care.
        self._quick_bytes = min(host.settings.limits.max_message_bytes, 0xFFFF) if plain else -1
        self.max_calls = host.settings.limits.max_calls_in_flight
        self._open = True
        self.shared = False
        self._lifts = False
        self._caller: Caller | None = None
        self.plain: PlainCalls | None = None
        self.awaiting_handshake = require_handshake
        self.closing = False

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""
        return self._session.mid_message

    @property
    def answers(self) -> Answers:
        """Makes the answers; plain calls do without."""
        return Answers(self.host, self.connection, self._session)

    @property
    def busy(self) -> bool:
        """True while calls of a shared connection run or wait to be run."""
        return self.conversation is not None and bool(self.conversation.requests)

    @property
    def under_way(self) -> "dict[int, Request | CallContext] | None":
        """Calls that run or wait to be run, by their numbers; None where only one is at a time."""
        return None if self.conversation is None else self.conversation.requests

    def attach(self, wire: Wire) -> None:
        """Let the engine reach its connection at any time."""
        self._wire = wire
        self._session.support(self.host.features)

    def receive(self, data: bytes) -> Sequence[Work]:
        """Take bytes that arrived; gives the requests they completed, in order."""
        if self.awaiting_handshake:
            with self.host.gate:  # another thread may be deciding about the handshake
                self._session.receive_data(data)
                return self._requests(self._session.events())
        message = self._session.call_from(data)
        if message is not None:
            return (self.admit(message),)
        return self._requests(self._session.events())

    def output(self) -> bytes:
        """Take what the session has to say by itself."""
        return self._session.data_to_send()

    def run(self, work: Any) -> Any:
        """Run one request; gives the answer: bytes, empty for none, or a list of buffers."""
        if isinstance(work, Job):
            return work.run()
        if work.is_handshake:
            return self._shake_hands(work.message)
        begun = self.begin(work)
        if type(begun) is not tuple:
            return begun
        serializer, context = begun
        request = work.message
        token = enter_call(context)
        try:
            if request.flags & _SPECIAL:
                return self._run_special(work, serializer, context)
            # No name for the call here: what it brought may be sent back as it is, if nobody else has it.
            sessions, talk = self.connection.sessions, self.conversation
            held = [self._call(*decoded(request, serializer, context, talk), sessions)]
            return self.complete(work, serializer, context, held)
        except BaseException as error:
            return self.failed(request, serializer, error, context)
        finally:
            leave_call(token)
            self.end(work)

    def close(self) -> None:
        """The connection is gone: let go of what belonged to it."""
        if self._open:
            self._open = False
            self.closing = True
            if self.conversation is not None:
                self.conversation.close()
            self.host.connection_lost(self.connection, was_accepted=not self.awaiting_handshake)

    # ---- the parts of running a call, for transports that run them at different times

    def begin(self, work: Request) -> Any:
        """What is needed to run a call: its serializer and context; or the answer, if it cannot be run."""
        request = work.message
        serializer = self._serializers.get(request.serializer_id)
        if serializer is None:
            serializer = self._find_serializer(request)
            if serializer is None:
                self.end(work)
                return self._refuse_serializer(request)
        context = self._context(request, serializer)
        if self.host.draining:
            self.end(work)
            return self.answers.failure(request, serializer, stopping(), context, AGAIN)
        if self.conversation is not None:
            try:
                work.serve(context, self.max_calls)
            except Exception as error:
                self.end(work)
                return self.answers.failure(
                    request, serializer, error, context, AGAIN if work.refused else LEFT_OUT
                )
        return serializer, context

    def failed(
        self, request: Message, serializer: Serializer, error: BaseException, context: CallContext
    ) -> Any:
        """The answer for a call that raised. SystemExit and KeyboardInterrupt, too, are answers to a call."""
        if self.host.hangs_up(request, error):
            self.host.call_failed(context, error, unanswered=True)
            self.closing = True
            return b""
        # A call that names no method yet was not even understood.
        left_out = b"" if context.method else LEFT_OUT
        return self.answers.failure(request, serializer, error, context, left_out)

    def refuse(self, request: Message, problem: Exception, delivery: bytes) -> Any:
        """The answer to a call that is not begun; ``delivery`` says what became of it (``call_ids``)."""
        serializer = self._serializers.get(request.serializer_id)
        if serializer is None:
            return self._refuse_serializer(request)
        context = self._context(request, serializer)
        return self.answers.failure(request, serializer, problem, context, delivery)

    def complete(self, work: Request, serializer: Serializer, context: CallContext, held: list[Any]) -> Any:
        """The answer for a call that gave a result; awaits it if it is awaitable.

        Args:
            work: The call.
            serializer: For the result.
            context: The call's.
            held: The result alone, which is taken out: so it shows whether anybody else has it.

        Raises:
            Exception: What it raised when awaited, or because it cannot be sent.
        """
        request, result = work.message, held.pop()
        if type(result) not in PLAIN:
            result = settled(self.host.coroutines, result, context)
            if is_iterator(result):
                if request.flags & ONEWAY:
                    finish(result)
                    return b""
                return self.answers.stream(request, serializer, result, context)
        if request.flags & ONEWAY:
            return b""
        if self._lifts:
            # What is in a container may be somebody's, whoever has the container.
            nobody_else_has_it = getrefcount(result) <= _MINE and type(result) not in CONTAINERS
            lifted = lift_value(result)
            if lifted is not None:
                if nobody_else_has_it:
                    lifted.freeze()
                bulk = lifted.payload(serializer.encode_value(lifted.value))
                return self.answers.value(request, bulk, 0, context, {ANNOTATION_BUFFERS: lifted.annotation})
        payload = serializer.encode_value(result)
        if len(payload) <= self._quick_bytes and not context.known_response_annotations:
            return self._pack(
                RESULT,
                request.serializer_id,
                request.seq,
                payload,
                0,
                correlation_id=context.known_correlation_id,
            )
        return self.answers.value(request, payload, 0, context)

    def call(self, object_id: str, method: str, args: Sequence[Any], kwargs: Any) -> Any:
        """Call a plain method, in a thread that may wait."""
        return self._call(object_id, method, args, kwargs, self.connection.sessions)

    def asynchronous(self, object_id: str, method: str, args: Sequence[Any]) -> Callable[..., Any] | None:
        """What to call with these arguments on an event loop; None if the method is no ``async def`` one."""
        return self.host.dispatcher.asynchronous(object_id, method, self.connection.sessions)

    def end(self, work: Request) -> None:
        """A call is over."""
        if self.conversation is not None and not work.oneway:
            self.conversation.requests.pop(work.message.seq, None)

    # ---- requests

    def admit(self, message: Message) -> Request | RepeatableCall:
        """A call that arrived, as work."""
        oneway = message.flags & ONEWAY != 0 and self.host.oneways_beside
        conversation = self.conversation
        if conversation is None:
            return Request(message, oneway)
        kind = Request
        if message.annotations and ANNOTATION_ONCE in message.annotations and not message.flags & ONEWAY:
            kind = SurvivingRequest
        request = kind(message, oneway, False, self.shared and not oneway)
        request.arrived_at = monotonic()
        if not oneway:
            requests = conversation.requests
            request.refused = len(requests) >= self.max_calls
            requests[message.seq] = request
        return request if kind is Request else RepeatableCall(self, request, conversation)

    def _context(self, request: Message, serializer: Serializer) -> CallContext:
        """What a method, or a hook, may know of the request that it serves."""
        caller = self._caller_for(serializer, request.version)
        return CallContext(caller, request.seq, request.flags, request.annotations, request.correlation_id)

    def _caller_for(self, serializer: Serializer, version: int) -> Caller:
        caller = self._caller
        if caller is None or caller.serializer != serializer.name or caller.version != version:
            connection = self.connection
            caller = self._caller = Caller(
                connection, self.host.daemon, connection.peer, serializer.name, version
            )
        return caller

    def _requests(self, events: Sequence[ServerEvent]) -> list[Work]:
        works: list[Work] = []
        for event in events:
            if isinstance(event, CallArrived):
                works.append(self.admit(event.message))
            elif isinstance(event, ConnectArrived):
                works.append(Request(event.message, False, True))
            elif isinstance(event, PeerBroke):
                self.closing = True
            elif self.conversation is not None:
                job = self.conversation.take(event)
                if job is not None:
                    works.append(job)
        return works

    def _run_special(self, work: Request, serializer: Serializer, context: CallContext) -> Any:
        return run_special(self, work, serializer, context)

    # ---- serializers

    def _find_serializer(self, request: Message) -> Serializer | None:
        accepted = self.host.accepted
        faithful = TYPES in self._session.features
        self._serializers = accepted.table(request.version, faithful=faithful)
        self._pack = self._session.codecs[request.version].pack
        self.connection.version = request.version
        return accepted.find(request.version, request.serializer_id, faithful=faithful)

    def _refuse_serializer(self, request: Message) -> Any:
        """Answer a call in the handshake's serializer: its own must not be touched."""
        serializer = self._serializer or self.host.accepted.any_of(request.version)
        if serializer is None or request.flags & ONEWAY:
            self.closing = self.closing or not request.flags & ONEWAY
            return b""
        return self.answers.unread(request, serializer)

    # ---- the handshake

    def _shake_hands(self, request: Message) -> bytes:
        """Let a client in, or turn it away. Also runs calls that came before it knew which."""
        serializer = self._find_serializer(request)
        if serializer is None:
            self.closing = True
            return self._session.reject(request, not_accepted(request))
        context = self._context(request, serializer)
        try:
            payload, annotations = welcome(self.host, self.connection, request, serializer, context)
            self.host.crowd.accept(self.connection)
        except BaseException as error:
            # Whatever a validator raises is the reason for turning the client away.
            self.closing = True
            payload = refusal(serializer, str(error) or type(error).__name__)
            return self._session.reject(request, payload, serializer_id=request.serializer_id)
        missing = self.host.accepted.unusable(self._session.agreeable)
        if ONCE in self._session.agreeable:
            annotations = {**annotations, ANNOTATION_ONCE: self.host.memory.stamp()}
        with self.host.gate:
            self._serializer = serializer
            answer = self._session.accept(request, payload, annotations, without=missing)
            agreement = agree(self.host, self.connection, request, self._session, self._wire)
            self._serializers = agreement.serializers
            self._lifts = agreement.lifts
            self.shared = agreement.shared
            self.conversation = self.connection.conversation = agreement.conversation
            self.awaiting_handshake = False
            self._expect_plain(agreement.number)
            early = self._requests(self._session.events())
        return b"".join([answer, *(joined(self.run(work)) for work in early)])

    def _expect_plain(self, number: int) -> None:
        """Take plain calls of a serializer in the short way from now on, if they can be answered so."""
        serializer = self._serializers.get(number)
        if serializer is None or self._quick_bytes < 0:
            return
        ways = self._session.expect_plain(number)
        if ways is not None:
            take, take_some, pack = ways
            make = self.host.plain_calls((serializer, number, pack, self._quick_bytes), self.max_calls)
            self.plain = make(self, take, take_some, self._caller_for(serializer, self.connection.version))
