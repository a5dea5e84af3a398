"""What the two sides tell each other before the first call."""

from typing import TYPE_CHECKING

from pyro_core.errors import DaemonError, ProtocolError, SerializeError
from pyro_core.features import AUTO_ORDER, SERIALIZER_PREFIX
from pyro_core.names import PROTOCOL_48, STOCK_SERIALIZER_IDS
from pyro_core.serializer import Serializer
from pyro_core.wire.message import META_ON_CONNECT, Message
from pyro_server.connection import Connection

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost

USUAL_ANSWER = "hello"
"""What a daemon answers that has nothing to say; such answers are encoded once per class."""


def greeting(host: "DaemonHost", connection: Connection, request: Message, serializer: Serializer) -> bytes:
    """The payload that lets a client in.

    Args:
        host: Whose daemon decides.
        connection: The client's connection, which remembers what it said.
        request: The CONNECT.
        serializer: Its serializer.

    Raises:
        Exception: Whatever turns the client away; its text is the reason.
    """
    data = serializer.decode_value(request.payload)
    if not isinstance(data, dict):
        raise ProtocolError(f"a handshake must be a dict with 'handshake' and 'object', got {data!r:.120}")
    said = connection.handshake = data["handshake"]
    # In protocol 48 a client may do without the members, and then names no object.
    wants_members = request.version != PROTOCOL_48 or request.flags & META_ON_CONNECT
    object_id = data["object"] if wants_members else None
    answer = host.settled(host.daemon.validate_handshake(connection, said))
    if not wants_members:
        return serializer.encode_value(answer)
    if not isinstance(object_id, str):
        raise DaemonError("unknown object")
    members = host.dispatcher.entry(object_id).members
    usual = type(answer) is str and answer == USUAL_ANSWER
    payload = members.greetings.get(serializer) if usual else None
    if payload is None:
        metadata = members.metadata.to_wire(as_lists=request.version == PROTOCOL_48)
        payload = serializer.encode_value({"handshake": answer, "meta": metadata})
        if usual:
            members.greetings[serializer] = payload
    return payload


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


def refusal(serializer: Serializer, reason: str) -> bytes:
    """The payload that turns a client away."""
    try:
        return serializer.encode_value(reason)
    except SerializeError:  # such as a lone surrogate in the text
        return serializer.encode_value(ascii(reason))
