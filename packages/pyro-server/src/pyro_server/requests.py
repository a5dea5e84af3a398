"""What a connection has to do: calls that arrived, and other jobs."""

from collections.abc import Callable

from pyro_core.context import CallContext
from pyro_core.duplex import read_deadline
from pyro_core.errors import CommunicationError
from pyro_core.wire.message import Message
from pyro_server.refusals import too_busy, too_many_calls


class Request:
    """One message that waits to be run.

    Attributes:
        message: The message.
        oneway: Nobody waits for an answer, and it may run beside later requests.
        concurrent: It may run beside others of its connection.
        is_handshake: It is a CONNECT and not a call.
        refused: It is one too many, and will only be answered so. True: on its connection; a number: so many
            wait in the daemon.
        context: What its method may know of it, once it runs.
        arrived_at: When it came, as ``time.monotonic()`` counts.
        survives: It goes on when its connection is lost, because its caller will ask again.
    """

    survives = False

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
        self.refused: bool | int = False
        self.context: CallContext | None = None
        self.arrived_at = 0.0
        self._cancelled = False

    def cancel(self) -> None:
        """Its caller does not want the answer any more."""
        self._cancelled = True
        context = self.context
        if context is not None:
            context.cancel()

    def serve(self, context: CallContext, max_calls: int) -> None:
        """It is to be run now.

        Args:
            context: What its method may know of it.
            max_calls: Calls that may be under way.

        Raises:
            CommunicationError: If it is one too many.
            CallCancelled: If its caller does not want the answer any more.
            TimeoutError: If its deadline has passed.
        """
        left_s = read_deadline(self.message.annotations)
        if left_s is not None:
            context.deadline = self.arrived_at + left_s
        self.context = context
        if self._cancelled:
            context.cancel()
        if self.refused:
            raise too_many_calls(max_calls) if self.refused is True else too_busy(self.refused)
        context.raise_if_cancelled()


class SurvivingRequest(Request):
    """One whose caller will ask again when the connection is lost."""

    __slots__ = ()

    survives = True


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

    def run(self) -> bytes:
        """Do it; gives the answer, which is none."""
        try:
            self.do()
        except CommunicationError:
            pass  # the client is gone: what the job was for is kept, or ended by who finds out
        return b""


def turn_away(work: object, waiting: int) -> bool:
    """Have a call answered with an error, because too many wait; tells whether it is one that can be.

    Args:
        work: The call, or something else.
        waiting: How many wait.
    """
    request = getattr(work, "request", work)
    if not isinstance(request, Request) or request.is_handshake:
        return False
    request.refused = waiting
    return True
