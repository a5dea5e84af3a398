"""What the two sides tell each other before the first call."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyro_core.context import CallContext, checked_annotations, enter_call, leave_call
from pyro_core.errors import DaemonError, ProtocolError, SerializeError
from pyro_core.names import PROTOCOL_48
from pyro_core.serializer import Serializer
from pyro_core.wire.message import META_ON_CONNECT, Message
from pyro_server.connection import Connection

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost

USUAL_ANSWER = "hello"
"""What a daemon answers that has nothing to say; such answers are encoded once per class."""


def welcome(
    host: "DaemonHost", connection: Connection, request: Message, serializer: Serializer, context: CallContext
) -> tuple[bytes, Mapping[str, bytes]]:
    """The payload and the annotations that let a client in.

    Args:
        host: Whose daemon decides.
        connection: The client's connection, which remembers what it said.
        request: The CONNECT.
        serializer: Its serializer.
        context: What the daemon's hooks may know of it.

    Raises:
        Exception: Whatever turns the client away; its text is the reason.
    """
    token = enter_call(context)
    try:
        payload = greeting(host, connection, request, serializer)
        annotations = context.known_response_annotations
        if host.annotate is not None:
            annotations = {**host.annotate(), **annotations}
        return payload, checked_annotations(annotations)
    finally:
        leave_call(token)


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
    said = data["handshake"]
    if host.admission is not None:
        said = host.admission.admit(connection, said)
    connection.handshake = said
    # In protocol 48 a client may do without the members, and then names no object.
    wants_members = request.version != PROTOCOL_48 or request.flags & META_ON_CONNECT
    object_id = data["object"] if wants_members else None
    answer = host.settled(host.daemon.validate_handshake(connection, said))
    if not wants_members:
        return serializer.encode_value(answer)
    if not isinstance(object_id, str):
        raise DaemonError("unknown object")
    members = host.dispatcher.described(object_id).members
    usual = type(answer) is str and answer == USUAL_ANSWER
    payload = members.greetings.get(serializer) if usual else None
    if payload is None:
        metadata = members.metadata.to_wire(as_lists=request.version == PROTOCOL_48)
        payload = serializer.encode_value({"handshake": answer, "meta": metadata})
        if usual:
            members.greetings[serializer] = payload
    return payload


def refusal(serializer: Serializer, reason: str) -> bytes:
    """The payload that turns a client away."""
    try:
        return serializer.encode_value(reason)
    except SerializeError:  # such as a lone surrogate in the text
        return serializer.encode_value(ascii(reason))
