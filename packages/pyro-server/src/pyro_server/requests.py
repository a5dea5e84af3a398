"""What a connection has to do: calls that arrived, and other jobs."""

from collections.abc import Callable

from pyro_core.context import CallContext
from pyro_core.wire.message import Message


class Request:
    """One message that waits to be run.

    Attributes:
        message: The message.
        oneway: Nobody waits for an answer.
        concurrent: It may run beside others of its connection.
        is_handshake: It is a CONNECT and not a call.
        refused: It is one too many, and will only be answered so.
        context: What its method may know of it, once it runs.
        arrived_at: When it came, as ``time.monotonic()`` counts.
    """

    __slots__ = (
        "_cancelled",
        "arrived_at",
        "concurrent",
        "context",
        "is_handshake",
        "message",
        "oneway",
        "refused",
    )

    def __init__(
        self, message: Message, oneway: bool, is_handshake: bool = False, concurrent: bool = False
    ) -> None:
        self.message = message
        self.oneway = oneway
        self.is_handshake = is_handshake
        self.concurrent = concurrent
        self.refused = False
        self.context: CallContext | None = None
        self.arrived_at = 0.0
        self._cancelled = False

    def cancel(self) -> None:
        """Its caller does not want the answer any more."""
        self._cancelled = True
        context = self.context
        if context is not None:
            context.cancel()

    def serve(self, context: CallContext) -> None:
        """It is run now."""
        self.context = context
        if self._cancelled:
            context.cancel()


class Job:
    """Something to be done in a worker that is not a call.

    Attributes:
        do: Does it.
        oneway: False: it has its own way to answer.
        concurrent: True.
    """

    __slots__ = ("concurrent", "do", "oneway")

    def __init__(self, do: Callable[[], object]) -> None:
        self.do = do
        self.oneway = False
        self.concurrent = True
