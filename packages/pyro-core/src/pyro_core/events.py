"""What a session tells its owner."""

from dataclasses import dataclass

from pyro_core.errors import ProtocolError
from pyro_core.wire.message import Buffer, Message


@dataclass(slots=True)
class ConnectArrived:
    """Server: a client asks to be let in; answer with ``accept`` or ``reject``.

    Attributes:
        message: The CONNECT.
        features: Extras that will hold if it is accepted.
    """

    message: Message
    features: frozenset[str]


@dataclass(slots=True)
class CallArrived:
    """Server: a call.

    Attributes:
        message: The INVOKE, its payload not compressed.
    """

    message: Message


@dataclass(slots=True)
class Accepted:
    """Client: the server let us in.

    Attributes:
        message: The CONNECTOK.
        features: Extras that hold from now on.
    """

    message: Message
    features: frozenset[str]


@dataclass(slots=True)
class Refused:
    """Client: the server turned us away, and will close the connection.

    Attributes:
        reason_payload: Its reason, serialized.
        serializer_id: With what; marshal (see ``pyro_core.wire.refusal``) or the client's own.
        message: The CONNECTFAIL.
    """

    reason_payload: Buffer
    serializer_id: int
    message: Message


@dataclass(slots=True)
class WrongVersion:
    """Client: the server speaks another protocol version, and will close the connection.

    Attributes:
        version: The version that it speaks.
    """

    version: int


@dataclass(slots=True)
class ReplyArrived:
    """Client: the answer to the call that is under way.

    Attributes:
        message: The RESULT, its payload not compressed.
    """

    message: Message


@dataclass(slots=True)
class PongArrived:
    """Client: the answer to a ping.

    Attributes:
        message: The PING that came back.
    """

    message: Message


@dataclass(slots=True)
class PeerBroke:
    """The other side broke the protocol. The session is closed: send what it still has to say, then close.

    Attributes:
        error: What was wrong.
    """

    error: ProtocolError


ServerEvent = ConnectArrived | CallArrived | PeerBroke
ClientEvent = Accepted | Refused | WrongVersion | ReplyArrived | PongArrived | PeerBroke
