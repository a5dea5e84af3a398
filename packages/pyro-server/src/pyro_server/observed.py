"""Connections and calls that observers are told of (see ``pyro_core.observing``).

Only used where there are observers. All calls take the engine's longer way here.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pyro_core.context import CallContext, Caller, serving
from pyro_core.observing import ObservedCall, Observers, size_of
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Message
from pyro_server.answers import Answers
from pyro_server.connection import Connection
from pyro_server.dispatch import Dispatcher
from pyro_server.engine import ServerEngine
from pyro_server.instances import Sessions
from pyro_server.objects import ObjectTable
from pyro_server.requests import Request

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost


class ObservedContext(CallContext):
    """The context of an observed call.

    Attributes:
        observed: What observers see of it.
        admitted: Whether it is to be run; else its error is all that there is to tell.
    """

    __slots__ = ("admitted", "observed")

    def __init__(self, caller: Caller, request: Message) -> None:
        super().__init__(caller, request.seq, request.flags, request.annotations, request.correlation_id)
        self.admitted = False
        self.observed = call = ObservedCall("server", request.flags)
        call.peer = caller.address
        call.serializer = caller.serializer
        call.principal = getattr(getattr(caller.connection, "principal", None), "name", None)
        call.correlation_id = request.correlation_id
        call.annotations_in = request.annotations
        call.bytes_in = size_of(request)


class ObservedDispatcher:
    """Tells that a call begins, as soon as it is known which, and has a ``Dispatcher`` make it.

    Args:
        inner: That dispatcher.
        objects: Its objects.
        observers: Are told.
    """

    def __init__(self, inner: Dispatcher, objects: ObjectTable, observers: Observers) -> None:
        self._inner = inner
        self._by_id = objects.by_id
        self._observers = observers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def call(self, object_id: str, method: str, args: Any, kwargs: Any, sessions: Sessions) -> Any:
        """Call a method, or read or write an attribute."""
        self.begin(object_id, method, args)
        return self._inner.call(object_id, method, args, kwargs, sessions)

    def batch(self, object_id: str, calls: Any, *more: Any) -> list[Any]:
        """Run several calls of one object."""
        self.begin(object_id, "", calls)
        return self._inner.batch(object_id, calls, *more)

    def blob(self, object_id: str, method: str, *more: Any) -> Any:
        """Call a method with a value that stays serialized."""
        self.begin(object_id, method, ())
        return self._inner.blob(object_id, method, *more)

    def begin(self, object_id: str, method: str, args: Sequence[Any]) -> None:
        """The call that is being served is that of a method; what was begun before is not begun again."""
        context = serving()
        if type(context) is ObservedContext and not context.observed.is_running:
            call = context.observed
            call.aims_at(object_id, method, args)
            entry = self._by_id.get(object_id)
            if entry is not None:
                members = entry.members
                call.service = members.cls.__qualname__
                call.known = call.kind == "batch" or call.method in (
                    members.metadata.attrs if call.kind == "attribute" else members.methods
                )
            self._observers.begin(call)


class ObservedAnswers(Answers):
    """Answers of which it is noted when they tell of an item stream."""

    __slots__ = ()

    def stream(self, request: Message, serializer: Serializer, items: Any, context: Any) -> Any:
        """The answer that tells of an item stream."""
        answer = super().stream(request, serializer, items, context)
        context.observed.streams = True
        return answer


class ObservedEngine(ServerEngine):
    """An engine whose connection and calls are told.

    Args:
        host: The daemon's innards.
        connection: The connection.
        require_handshake: As for any engine.
        observers: Are told.
    """

    __slots__ = ("_dispatcher", "_observers")

    def __init__(
        self, host: "DaemonHost", connection: Connection, *, require_handshake: bool, observers: Observers
    ) -> None:
        super().__init__(host, connection, require_handshake=require_handshake)
        self._observers = observers
        self._dispatcher: Any = host.dispatcher
        observers.connection_made("server", connection)

    @property
    def answers(self) -> ObservedAnswers:
        """Makes the answers."""
        return ObservedAnswers(self.host, self.connection, self._session)

    def close(self) -> None:
        """The connection is gone."""
        if self._open:
            accepted = not self.awaiting_handshake
            super().close()
            self._observers.connection_lost("server", self.connection, accepted=accepted)

    def begin(self, work: Request) -> Any:
        """What is needed to run a call; or the answer, if it cannot be run."""
        begun = super().begin(work)
        if type(begun) is tuple:
            begun[1].admitted = True
            work.context = begun[1]
        return begun

    def failed(self, request: Message, serializer: Serializer, error: BaseException, context: Any) -> Any:
        """The answer for a call that raised."""
        return _answered(context, super().failed(request, serializer, error, context))

    def complete(self, work: Request, serializer: Serializer, context: Any, held: list[Any]) -> Any:
        """The answer for a call that gave a result."""
        return _answered(context, super().complete(work, serializer, context, held))

    def asynchronous(self, object_id: str, method: str, args: Sequence[Any]) -> Callable[..., Any] | None:
        """What to call on an event loop; begins the call there, also if it will be made in a thread."""
        self._dispatcher.begin(object_id, method, args)
        return super().asynchronous(object_id, method, args)

    def end(self, work: Request) -> None:
        """A call is over."""
        super().end(work)
        context = work.context
        if isinstance(context, ObservedContext):
            _tell_end(self._observers, context)

    def _run_special(self, work: Request, serializer: Serializer, context: Any) -> Any:
        return _answered(context, super()._run_special(work, serializer, context))

    def _context(self, request: Message, serializer: Serializer) -> CallContext:
        return ObservedContext(super()._context(request, serializer).caller, request)

    def _expect_plain(self, number: int) -> None:
        """There is no short way: it would come by nobody who tells."""


def note_failure(observers: Observers, context: CallContext, error: BaseException) -> None:
    """A call raised, or is refused."""
    if isinstance(context, ObservedContext):
        context.observed.error = error
        if not context.admitted:
            _tell_end(observers, context)


def _tell_end(observers: Observers, context: ObservedContext) -> None:
    call = context.observed
    if not call.is_running:  # it could not be decoded
        observers.begin(call)
    call.annotations_out = {**context.known_response_annotations}
    call.correlation_id = context.known_correlation_id
    observers.end(call)


def _answered(context: ObservedContext, answer: Any) -> Any:
    context.observed.bytes_out = sum(map(len, answer)) if type(answer) is list else len(answer)
    return answer
