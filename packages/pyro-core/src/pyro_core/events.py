"""What a session tells its owner."""

from __future__ import annotations

from pyro_core import features
from pyro_core.duplex import Credit, Items, read_credit, read_items
from pyro_core.errors import ProtocolError
from pyro_core.records import Record
from pyro_core.wire.message import CANCEL, CREDIT, ITEMS, Buffer, Message


class ConnectArrived(Record):
    """Server: a client asks to be let in; answer with ``accept`` or ``reject``.

    Attributes:
        message: The CONNECT.
        features: Extras that will hold if it is accepted.
    """

    __slots__ = ("message", "features")

    def __init__(self, message: Message, features: frozenset[str]) -> None:
        self.message = message
        self.features = features


class CallArrived(Record):
    """A call; for a client, one of an object that it has offered.

    Attributes:
        message: The INVOKE, its payload not compressed.
    """

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message


class Accepted(Record):
    """Client: the server let us in.

    Attributes:
        message: The CONNECTOK.
        features: Extras that hold from now on.
    """

    __slots__ = ("message", "features")

    def __init__(self, message: Message, features: frozenset[str]) -> None:
        self.message = message
        self.features = features


class Refused(Record):
    """Client: the server turned us away, and will close the connection.

    Attributes:
        reason_payload: Its reason, serialized.
        serializer_id: With what; marshal (see ``pyro_core.wire.refusal``) or the client's own.
        message: The CONNECTFAIL.
    """

    __slots__ = ("reason_payload", "serializer_id", "message")

    def __init__(self, reason_payload: Buffer, serializer_id: int, message: Message) -> None:
        self.reason_payload = reason_payload
        self.serializer_id = serializer_id
        self.message = message


class WrongVersion(Record):
    """Client: the server speaks another protocol version, and will close the connection.

    Attributes:
        version: The version that it speaks.
    """

    __slots__ = ("version",)

    def __init__(self, version: int) -> None:
        self.version = version


class ReplyArrived(Record):
    """The answer to a call that is under way; ``message.seq`` tells which.

    Attributes:
        message: The RESULT, its payload not compressed.
    """

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message


class PongArrived(Record):
    """Client: the answer to a ping.

    Attributes:
        message: The PING that came back.
    """

    __slots__ = ("message",)

    def __init__(self, message: Message) -> None:
        self.message = message


class CancelArrived(Record):
    """The other side does not want the answer of a call any more.

    Attributes:
        seq: Number of the call.
    """

    __slots__ = ("seq",)

    def __init__(self, seq: int) -> None:
        self.seq = seq


class CreditArrived(Record):
    """The other side takes items of a stream that is made here.

    Attributes:
        credit: How many.
    """

    __slots__ = ("credit",)

    def __init__(self, credit: Credit) -> None:
        self.credit = credit


class ItemsArrived(Record):
    """Items of a stream that is made at the other side.

    Attributes:
        items: The items, still serialized.
    """

    __slots__ = ("items",)

    def __init__(self, items: Items) -> None:
        self.items = items


class PeerBroke(Record):
    """The other side broke the protocol. The session is closed: send what it still has to say, then close.

    Attributes:
        error: What was wrong.
    """

    __slots__ = ("error",)

    def __init__(self, error: ProtocolError) -> None:
        self.error = error


DuplexEvent = CallArrived | ReplyArrived | CancelArrived | CreditArrived | ItemsArrived
ServerEvent = ConnectArrived | PeerBroke | DuplexEvent
ClientEvent = Accepted | Refused | WrongVersion | PongArrived | PeerBroke | DuplexEvent


def duplex_event(
    message: Message, agreed: frozenset[str]
) -> CancelArrived | CreditArrived | ItemsArrived | None:
    """What a message means that either side may send if both agreed to it; None for any other.

    Args:
        message: The message, its payload not compressed.
        agreed: Extras that hold.

    Raises:
        ProtocolError: If it is malformed.
    """
    kind = message.kind
    if kind == CREDIT and features.STREAM in agreed:
        return CreditArrived(read_credit(message))
    if kind == ITEMS and features.STREAM in agreed:
        return ItemsArrived(read_items(message))
    if kind == CANCEL and features.CANCEL in agreed:
        return CancelArrived(message.seq)
    return None
