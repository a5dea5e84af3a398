"""What surrounds a call: who calls, what came along, and what goes along.

Two context variables, so that threads and tasks each see their own: ``current_call()`` tells a method on
the server about the call it is serving; ``outgoing()`` attaches annotations or a correlation id to the
calls that a client makes in a ``with`` block.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token

from pyro_core.errors import CallCancelled, ProtocolError, PyroError, TimeoutError
from pyro_core.names import PROTOCOL_502, RESERVED_ANNOTATIONS
from pyro_core.records import Record
from pyro_core.wire.message import NO_ANNOTATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from uuid import UUID

    from pyro_core.identity import Principal


class Caller(Record):
    """What all calls over one connection have in common that use the same serializer.

    Attributes:
        connection: The server's connection object.
        daemon: The daemon that serves them.
        address: Of the client, as text.
        serializer: Name of the serializer.
        version: Protocol version.
    """

    __slots__ = ("connection", "daemon", "address", "serializer", "version")

    def __init__(
        self,
        connection: Any = None,
        daemon: Any = None,
        address: str = "",
        serializer: str = "",
        version: int = PROTOCOL_502,
    ) -> None:
        self.connection = connection
        self.daemon = daemon
        self.address = address
        self.serializer = serializer
        self.version = version


_NOBODY = Caller()


class CallContext:
    """The call that is being served, as its method may see it.

    Belongs to exactly one call: nothing of it reaches another client's reply.

    Attributes:
        caller: Who calls, the same for many calls.
        object_id: Object that was called.
        method: Method that was called.
        seq: Sequence number of the request.
        flags: Neutral flags of the request (see ``pyro_core.wire.message``).
        annotations: What the caller sent along.
        response_annotations: What goes along with the reply; assign or change it.
        deadline: When the caller stops waiting, as ``time.monotonic()`` counts; None if it did not tell.
        cancelled: The caller does not want the answer any more. A method that takes long looks at it now and
            then, or calls ``raise_if_cancelled``.
    """

    __slots__ = (
        "_correlation_id",
        "_on_cancel",
        "_response_annotations",
        "annotations",
        "caller",
        "cancelled",
        "deadline",
        "flags",
        "method",
        "object_id",
        "seq",
    )

    def __init__(
        self,
        caller: Caller | None = None,
        seq: int = 0,
        flags: int = 0,
        annotations: Mapping[str, bytes] = NO_ANNOTATIONS,
        correlation_id: bytes | None = None,
        *,
        object_id: str = "",
        method: str = "",
        deadline: float | None = None,
    ) -> None:
        self.caller = caller or _NOBODY
        self.seq = seq
        self.flags = flags
        self.annotations = annotations
        self._correlation_id = correlation_id
        self._response_annotations: dict[str, bytes] | None = None
        self.object_id = object_id
        self.method = method
        self.deadline = deadline
        self.cancelled = False
        self._on_cancel: Callable[[], object] | None = None

    @property
    def connection(self) -> Any:
        """The server's connection object."""
        return self.caller.connection

    @property
    def daemon(self) -> Any:
        """The daemon that serves the call."""
        return self.caller.daemon

    @property
    def client_address(self) -> str:
        """Address of the caller, as text."""
        return self.caller.address

    @property
    def principal(self) -> Principal:
        """Who calls."""
        from pyro_core.identity import ANONYMOUS  # clients do without

        return getattr(self.connection, "principal", ANONYMOUS)

    @property
    def serializer(self) -> str:
        """Name of the serializer of the request."""
        return self.caller.serializer

    @property
    def version(self) -> int:
        """Protocol version of the caller."""
        return self.caller.version

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the caller stops waiting, 0 if it has; None if it did not tell."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.0)

    def raise_if_cancelled(self) -> None:
        """Go on only if somebody waits for the answer.

        Raises:
            CallCancelled: If the caller took the call back, or went away.
            TimeoutError: If its deadline has passed.
        """
        if self.cancelled:
            raise CallCancelled(f"the call of {self.method!r} was cancelled by its caller")
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise TimeoutError(f"the deadline of the call of {self.method!r} has passed")

    def cancel(self) -> None:
        """For servers: the caller does not want the answer any more."""
        self.cancelled = True
        if self._on_cancel is not None:
            self._on_cancel()

    def when_cancelled(self, action: Callable[[], object] | None) -> None:
        """Have something done, in another thread, when the call is cancelled; at once if it is already.

        Args:
            action: Ends what the method waits for; None takes it back.
        """
        self._on_cancel = action
        if self.cancelled and action is not None:
            action()

    @property
    def peer_certificate(self) -> dict[str, Any] | None:
        """The caller's certificate, as ``ssl.SSLSocket.getpeercert`` gives it; None if it showed none."""
        ask = getattr(getattr(self.connection, "socket", None), "getpeercert", None)
        return (ask() or None) if ask is not None else None

    @property
    def response_annotations(self) -> dict[str, bytes]:
        """What goes along with the reply: four ASCII letters -> bytes."""
        if self._response_annotations is None:
            self._response_annotations = {}
        return self._response_annotations

    @response_annotations.setter
    def response_annotations(self, annotations: Mapping[str, bytes]) -> None:
        self._response_annotations = dict(annotations)

    @property
    def correlation_id(self) -> UUID:
        """Id that ties together everything one request sets off; made up when first asked for."""
        from uuid import UUID, uuid4  # a costly import that few clients need

        if self._correlation_id is None:
            self._correlation_id = uuid4().bytes
        return UUID(bytes=self._correlation_id)

    @property
    def adds_nothing(self) -> bool:
        """Whether neither annotations nor an id go along with the reply."""
        return not self._response_annotations and self._correlation_id is None

    @property
    def known_correlation_id(self) -> bytes | None:
        """The id's 16 bytes if the caller sent one or somebody asked for one, else None."""
        return self._correlation_id

    @property
    def known_response_annotations(self) -> Mapping[str, bytes]:
        """What goes along with the reply, without making an empty dict for it."""
        return self._response_annotations or NO_ANNOTATIONS


class Outgoing:
    """What goes along with the calls made in an ``outgoing()`` block, and what came back with the last reply.

    Attributes:
        annotations: Sent with each request.
        correlation_id: Sent with each request, or None.
        response_annotations: What the last reply brought along.
    """

    __slots__ = ("annotations", "correlation_id", "response_annotations")

    def __init__(self, annotations: Mapping[str, bytes], correlation_id: bytes | None) -> None:
        self.annotations = annotations
        self.correlation_id = correlation_id
        self.response_annotations: Mapping[str, bytes] = NO_ANNOTATIONS

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes along."""
        return not self.annotations and self.correlation_id is None


_serving: ContextVar[CallContext | None] = ContextVar("pyro_serving", default=None)
_outgoing: ContextVar[Outgoing | None] = ContextVar("pyro_outgoing", default=None)

enter_call: Callable[[CallContext | None], Token[CallContext | None]] = _serving.set
"""For servers: make this the current call of the running thread or task."""
leave_call: Callable[[Token[CallContext | None]], None] = _serving.reset
"""For servers: undo ``enter_call``."""
serving: Callable[[], CallContext | None] = _serving.get
"""The call being served, or None outside of one."""
enter_outgoing: Callable[[Outgoing | None], Token[Outgoing | None]] = _outgoing.set
"""For clients: let this go along with calls of the running thread or task; quicker than ``outgoing()``."""
leave_outgoing: Callable[[Token[Outgoing | None]], None] = _outgoing.reset
"""For clients: undo ``enter_outgoing``."""
sending: Callable[[], Outgoing | None] = _outgoing.get
"""For clients: what the surrounding ``outgoing()`` block asks for, or None."""


def current_call() -> CallContext:
    """The call that the running method serves.

    Raises:
        PyroError: If the running code was not called remotely.
    """
    call = _serving.get()
    if call is None:
        raise PyroError(
            "there is no current call: this code was not called by a remote client; "
            "ask only in exposed methods, or use pyro_core.context.serving(), which gives None here"
        )
    return call


@contextlib.contextmanager
def outgoing(
    annotations: Mapping[str, bytes] | None = None, correlation_id: UUID | None = None
) -> Iterator[Outgoing]:
    """Send annotations or a correlation id with every call made inside the ``with`` block.

    Without a correlation id the calls made by a served method carry that of the call it serves.

    Args:
        annotations: Four ASCII letters -> bytes.
        correlation_id: The id to send.

    Yields:
        The block's ``Outgoing``; its ``response_annotations`` are those of the last reply.

    Raises:
        ProtocolError: If an annotation's name is not four ASCII letters, or is one of the system's own.
    """
    block = Outgoing(
        checked_annotations(annotations or NO_ANNOTATIONS),
        correlation_id.bytes if correlation_id is not None else None,
    )
    token = _outgoing.set(block)
    try:
        yield block
    finally:
        _outgoing.reset(token)


def checked_annotations(annotations: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The same annotations, if users may send them.

    Raises:
        ProtocolError: If a name is not four ASCII letters, or is one of the system's own.
    """
    for key, value in annotations.items():
        if not isinstance(key, str) or len(key) != 4 or not key.isascii():
            raise ProtocolError(
                f"annotation key must be of length 4, in ASCII, got {key!r}", expected=4, received=key
            )
        if key in RESERVED_ANNOTATIONS:
            raise ProtocolError(
                f"annotation key {key!r} belongs to the system itself; choose another", received=key
            )
        if not isinstance(value, bytes | bytearray | memoryview):
            raise ProtocolError(
                f"annotation {key!r} must be bytes, got {type(value).__name__}",
                expected="bytes",
                received=value,
            )
    return annotations


def request_extras() -> tuple[Mapping[str, bytes], bytes | None]:
    """For clients: the annotations and the correlation id that the next request must carry."""
    block = _outgoing.get()
    call = _serving.get()
    inherited = call.known_correlation_id if call is not None else None
    if block is None:
        return NO_ANNOTATIONS, inherited
    return block.annotations, block.correlation_id or inherited
