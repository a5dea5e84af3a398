"""What arrives on a connection of a blocking proxy, and who gets it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence

from pyro_client.turns import Turns, Waiting
from pyro_core.errors import ConnectionClosedError, ProtocolError, TimeoutError
from pyro_core.events import ItemsArrived, PeerBroke, PongArrived, ReplyArrived
from pyro_core.wire.message import RESULT, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyro_client.plans.connect import Connection
    from pyro_client.pushed import PushedItems
    from pyro_client.run_sync import SyncLink
    from pyro_client.transfers import TransferWatch
    from pyro_core.events import ClientEvent
    from pyro_core.wire.plain import PlainReplies


class Arrivals:
    """Reads from a connection, in whichever thread has the turn, and hands out what it reads.

    Args:
        connection: The connection.
        turns: Who waits.
        on_event: Gets what the server says by itself, and must not wait; None if it may not do that.
        on_end: Called with the reason when the connection cannot be used any more.

    Attributes:
        streams: Who takes the items that the server pushes, by name of the stream.
        pings: Keys of those who wait for a sign of life, in order.
        plain_replies: The session's way to take plain answers, several at once; None if it is not used.
        watch: Told how far large messages are; None if nobody wants to know.
        late: Calls that were given up in a row while nothing arrived.
    """

    __slots__ = (
        "_connection",
        "_link",
        "_on_end",
        "_on_event",
        "_session",
        "_turns",
        "late",
        "watch",
        "pings",
        "plain_replies",
        "streams",
    )

    def __init__(
        self,
        connection: Connection,
        turns: Turns,
        on_event: Callable[[ClientEvent], object] | None,
        on_end: Callable[[BaseException], object],
    ) -> None:
        self.streams: dict[str, PushedItems] = {}
        self.pings: deque[Hashable] = deque()
        self.plain_replies: PlainReplies | None = None
        self.late = 0
        self.watch: TransferWatch | None = None
        self._connection = connection
        self._link: SyncLink = connection.link
        self._session = connection.session
        self._turns = turns
        self._on_event = on_event
        self._on_end = on_end

    def read_until(self, slot: Waiting, deadline: float | None) -> None:
        """Read and hand out what arrives until a slot is settled; for who has the turn.

        Raises:
            TimeoutError: At the deadline; nothing is lost.
            ConnectionClosedError, ProtocolError: If the connection failed; it is ended then.
        """
        session = self._session
        try:
            while True:
                for event in session.events():
                    self._handle(event)
                if slot.done:
                    return
                data = self._link.receive(deadline)
                if not data:
                    raise ConnectionClosedError(
                        f"{self._connection.peer} closed the connection while an answer was due; the call "
                        "may have been executed",
                        peer=self._connection.peer,
                    )
                self.late = 0
                if self.plain_replies is not None:
                    found, end = self.plain_replies(data)
                    if found:
                        self._hand_out_plain(found)
                        data = data[end:]
                        if not data:
                            continue
                message = session.reply_from(data)
                if self.watch is not None:
                    self.watch.look(session.arriving)
                if message is not None:
                    self.hand_out(message)
        except TimeoutError:
            raise
        except BaseException as problem:  # KeyboardInterrupt too: nobody knows where in the data we are
            self._on_end(problem)
            raise

    def hand_out(self, message: Message) -> None:
        """Give an answer to who waits for it."""
        slot = self._turns.waiting.pop(message.seq, None)
        if slot is not None:
            slot.settle(message)
        # Else nobody waits for it any more.

    def _hand_out_plain(self, found: Sequence[tuple[int, bytes]]) -> None:
        connection = self._connection
        serializer_id, version = connection.serializer_id, connection.version
        for seq, payload in found:
            slot = self._turns.waiting.pop(seq, None)
            if type(slot) is Waiting:
                slot.settle(Message(RESULT, serializer_id, seq, payload, version=version))
            elif slot is not None:
                slot.settle(payload)

    def _handle(self, event: ClientEvent) -> None:
        if isinstance(event, ReplyArrived):
            self.hand_out(event.message)
        elif isinstance(event, ItemsArrived):
            self._hand_out_items(event)
        elif isinstance(event, PongArrived):
            slot = self._turns.waiting.pop(self.pings.popleft(), None)
            if slot is not None:
                slot.settle(event.message)
        elif isinstance(event, PeerBroke):
            raise event.error
        elif self._on_event is not None:
            self._on_event(event)
        else:
            raise ProtocolError(
                f"{self._connection.peer} sent {type(event).__name__} where the answer to a call was due",
                expected="ReplyArrived",
                received=type(event).__name__,
            )

    def _hand_out_items(self, event: ItemsArrived) -> None:
        stream = self.streams.get(event.items.stream_id)
        if stream is None:
            return  # it was closed here before they arrived
        stream.arrived(event.items)
        slot = self._turns.take(("stream", event.items.stream_id))
        if slot is not None:
            slot.settle(event.items.message)
