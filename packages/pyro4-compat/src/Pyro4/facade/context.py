"""``Pyro4.current_context``: what came with a call, and what goes with the next one."""

from contextvars import ContextVar
from typing import Any
from uuid import UUID

from pyro_core.context import CallContext, Outgoing, enter_outgoing, serving
from pyro_core.wire.message import NO_ANNOTATIONS


class State:
    """What one thread or task knows, in the call it serves, if it serves one.

    Attributes:
        call: The call that is being served; None in a client.
        annotations: What came with it, or is to go with the next request.
        response_annotations: What goes with its answer, or came with the last one.
        correlation_id: The id that goes with requests; None if there is none.
        given: Values of the other names that a program set by itself.
        sends: Whether ``annotations`` are to go with the next request.
        block: What goes along with the calls of a client, natively; None while a call is served.
    """

    __slots__ = ("annotations", "block", "call", "correlation_id", "given", "response_annotations", "sends")

    def __init__(self, call: CallContext | None) -> None:
        self.call = call
        self.annotations: dict[str, Any] = {} if call is None else dict(call.annotations)
        self.response_annotations: Any = {} if call is None else call.response_annotations
        self.correlation_id: UUID | None = None if call is None else call.correlation_id
        self.given: dict[str, Any] = {}
        self.sends = call is None
        self.block = Outgoing(NO_ANNOTATIONS, None) if call is None else None

    def outgoing(self) -> Outgoing:
        """What goes along with the next call."""
        block = self.block or Outgoing(NO_ANNOTATIONS, None)
        correlation_id = self.correlation_id
        block.annotations = self.annotations if self.sends and self.annotations else NO_ANNOTATIONS
        block.correlation_id = None if correlation_id is None else correlation_id.bytes
        return block

    def came_back(self, block: Outgoing) -> None:
        """A call is over: annotations are for one call, and those of its answer are to be seen."""
        if self.sends and self.annotations:
            self.annotations = {}
        block.annotations = NO_ANNOTATIONS
        block.correlation_id = None
        if self.call is None:
            received = block.response_annotations
            self.response_annotations = dict(received) if received else {}
            block.response_annotations = NO_ANNOTATIONS


_state: ContextVar[State | None] = ContextVar("pyro4_context", default=None)
known_state = _state.get
"""What the running thread or task knew when it was last asked; perhaps of an earlier call."""


def state() -> State:
    """What the running thread or task knows."""
    call = serving()
    known = _state.get()
    if known is None or known.call is not call:
        known = State(call)
        _state.set(known)
        if known.block is not None:
            enter_outgoing(known.block)  # for as long as the thread or task lives
    return known


def forget() -> None:
    """Let the running thread or task begin anew: nothing goes along with calls that it makes."""
    _state.set(None)
    enter_outgoing(None)


class _CallContext:
    """What surrounds the call that is served, and the calls that are made; each thread has its own."""

    @property
    def annotations(self) -> dict[str, Any]:
        return state().annotations

    @annotations.setter
    def annotations(self, value: dict[str, Any]) -> None:
        known = state()
        known.annotations = value
        known.sends = True

    @property
    def response_annotations(self) -> Any:
        return state().response_annotations

    @response_annotations.setter
    def response_annotations(self, value: Any) -> None:
        known = state()
        known.response_annotations = value
        if known.call is not None:
            known.call.response_annotations = value
            known.response_annotations = known.call.response_annotations

    @property
    def correlation_id(self) -> UUID | None:
        return state().correlation_id

    @correlation_id.setter
    def correlation_id(self, value: UUID | None) -> None:
        state().correlation_id = value

    def __getattr__(self, name: str) -> Any:
        known = state()
        if name in known.given:
            return known.given[name]
        call = known.call
        if name == "client":
            return None if call is None else _view(call.connection)
        if name == "client_sock_addr":
            return None if call is None else _address(call)
        if name == "seq":
            return 0 if call is None else call.seq
        if name == "msg_flags":
            return 0 if call is None else wire_flags(call.flags)
        if name == "serializer_id":
            return 0 if call is None else _serializer_id(call)
        raise AttributeError(f"the call context has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("annotations", "response_annotations", "correlation_id"):
            object.__setattr__(self, name, value)
        else:
            state().given[name] = value

    def to_global(self) -> dict[str, Any]:
        """Everything as a dict, for another thread."""
        names = ("client", "client_sock_addr", "seq", "msg_flags", "serializer_id")
        return {
            **{name: getattr(self, name) for name in names},
            "annotations": self.annotations,
            "response_annotations": self.response_annotations,
            "correlation_id": self.correlation_id,
        }

    def from_global(self, values: dict[str, Any]) -> None:
        """Take over what ``to_global`` gave in another thread."""
        for name, value in values.items():
            setattr(self, name, value)

    def track_resource(self, resource: Any) -> None:
        """Have a resource closed when the client's connection ends."""
        self._connection().track_resource(resource)

    def untrack_resource(self, resource: Any) -> None:
        """Do not close it then."""
        self._connection().untrack_resource(resource)

    def _connection(self) -> Any:
        from Pyro4.errors import PyroError

        call = serving()
        if call is None:
            raise PyroError("cannot track resources: no call is being served, so that there is no client")
        return call.connection


def wire_flags(flags: int) -> int:
    """The flags of a message as protocol 48 writes them."""
    return flags & 0x0F | (flags & 0x30) << 1 | (flags & 0x100) >> 4


def _view(connection: Any) -> Any:
    from Pyro4.socketutil import SocketConnection

    return SocketConnection.view(connection)


def _address(call: CallContext) -> Any:
    sock = getattr(call.connection, "socket", None)
    try:
        return sock.getpeername() if sock is not None else call.client_address
    except OSError:
        return call.client_address


def _serializer_id(call: CallContext) -> int:
    from pyro_core.names import STOCK_SERIALIZER_IDS

    return STOCK_SERIALIZER_IDS[call.version].get(call.serializer, 0)


current_context = _CallContext()
