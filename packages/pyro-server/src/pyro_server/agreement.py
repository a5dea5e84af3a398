"""What the two ends of a connection agreed on in the handshake, beyond plain calls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pyro_core.features import AUTO_ORDER, BUFFERS, CALLS, DUPLEX, SERIALIZER_PREFIX, TYPES
from pyro_core.names import STOCK_SERIALIZER_IDS
from pyro_core.serializer import Serializer
from pyro_core.server_session import ServerSession
from pyro_core.transport import Wire
from pyro_core.wire.message import Message
from pyro_server.connection import Connection
from pyro_server.conversation import Conversation

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost


class Agreement(NamedTuple):
    """What holds from the handshake on.

    Attributes:
        serializers: The serializers that calls may use, by their numbers.
        number: Of the serializer that the client will use.
        lifts: Large values travel beside what is serialized.
        shared: Several calls of the client may be under way.
        conversation: What goes on beside the calls; None with peers that know nothing of that.
    """

    serializers: Mapping[int, Serializer]
    number: int
    lifts: bool
    shared: bool
    conversation: Conversation | None


def agree(
    host: "DaemonHost", connection: Connection, request: Message, session: ServerSession, wire: Wire | None
) -> Agreement:
    """Make ready what was agreed.

    Args:
        host: The daemon's innards.
        connection: The connection.
        request: The CONNECT.
        session: The session, which has accepted it.
        wire: Reaches the client at any time; None if nothing does.
    """
    features = session.features
    faithful = TYPES in features
    conversation = None
    number = chosen_number(features, request)
    if features & DUPLEX and wire is not None:
        serializer = host.accepted.find(request.version, number, faithful=faithful)
        assert serializer is not None
        conversation = Conversation(host, connection, session, wire, serializer)
    return Agreement(
        serializers=host.accepted.table(request.version, faithful=faithful),
        number=number,
        lifts=BUFFERS in features,
        shared=conversation is not None and CALLS in features,
        conversation=conversation,
    )


def chosen_number(features: frozenset[str], request: Message) -> int:
    """Number of the serializer that a client will use after the handshake.

    Args:
        features: What was agreed.
        request: The CONNECT.
    """
    for name in AUTO_ORDER:
        if f"{SERIALIZER_PREFIX}{name}" in features:
            return STOCK_SERIALIZER_IDS[request.version][name]
    return request.serializer_id
