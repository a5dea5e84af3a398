"""One request and its answer, on a connection that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyro_core.context import sending
from pyro_core.errors import ConnectionClosedError, ProtocolError
from pyro_core.events import PeerBroke, PongArrived, ReplyArrived
from pyro_core.outcomes import outcome_for_coroutine
from pyro_core.plans import Plan, Receive, Send
from pyro_core.wire.message import NO_ANNOTATIONS, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_client.plans.connect import Connection
    from pyro_client.profile import Profile

Extras = tuple[Mapping[str, bytes], bytes | None]
NO_EXTRAS: Extras = (NO_ANNOTATIONS, None)


def request(
    connection: Connection,
    payload: bytes,
    flags: int = 0,
    extras: Extras = NO_EXTRAS,
    *,
    compress: bool = False,
) -> Any:
    """The bytes of a call; it is the one under way from now on.

    Args:
        connection: Where to.
        payload: The encoded call.
        flags: Such as ``ONEWAY``.
        extras: Annotations and correlation id.
        compress: Compress the payload if that makes it shorter.

    Raises:
        MessageTooLarge: If the payload is larger than the limit; the connection is fine.
    """
    annotations, correlation_id = extras
    return connection.session.call(
        connection.serializer_id, payload, flags, annotations, correlation_id, compress=compress
    )


def announce(profile: Profile, message: Message) -> None:
    """Let those know who want to what came along with an answer."""
    block = sending()
    if block is not None:
        block.response_annotations = message.annotations
    if profile.on_response is not None:
        profile.on_response(message.annotations, message.kind)


def exchange(connection: Connection, data: bytes, *, oneway: bool = False) -> Plan[Message | None]:
    """Send a request and wait for its answer.

    Returns:
        The answer; None for a one-way call, which has none.

    Raises:
        CommunicationError: If the connection failed; it must be dropped then.
        ProtocolError: If the server answered nonsense; the same.
    """
    yield Send(connection.link, data)
    if oneway:
        return None
    return (yield from answer(connection))


def ask(
    connection: Connection, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Plan[Any]:
    """Call a method as part of a longer plan; gives its result, or raises the remote exception."""
    payload = connection.serializer.encode_call(object_id, method, args, kwargs)
    yield Send(connection.link, request(connection, payload))
    return outcome_for_coroutine(connection.serializer, (yield from answer(connection)))


def answer(connection: Connection) -> Plan[Message]:
    """Wait for the answer to the request that was sent last."""
    event = yield from next_event(connection)
    if not isinstance(event, ReplyArrived):
        raise ProtocolError(
            f"{connection.peer} sent {type(event).__name__} where the answer to a call was due",
            expected="ReplyArrived",
            received=type(event).__name__,
        )
    return check(connection, event.message)


def check(connection: Connection, message: Message) -> Message:
    """The same answer, if it can be decoded.

    Raises:
        ProtocolError: If the server used another serializer than the request; that would be its choice of
            what code runs here.
    """
    if message.serializer_id != connection.serializer_id:
        raise ProtocolError(
            f"invalid serializer in response: {message.serializer_id}, expected {connection.serializer_id} "
            f"({connection.serializer.name}), as in the request",
            expected=connection.serializer_id,
            received=message.serializer_id,
        )
    return message


def checked(dialogue: Any, message: Message) -> Message:
    """The same as ``check`` for an open connection, which is ended if it fails.

    Args:
        dialogue: A ``Dialogue`` or an ``AsyncDialogue``.
        message: The answer.
    """
    if message.serializer_id != dialogue.connection.serializer_id:
        try:
            check(dialogue.connection, message)
        except ProtocolError as problem:
            dialogue.end(problem)
            raise
    return message


def ping(connection: Connection) -> Plan[None]:
    """Ask the server for a sign of life and wait for it."""
    yield Send(connection.link, connection.session.ping())
    event = yield from next_event(connection)
    if not isinstance(event, PongArrived):
        raise ProtocolError(
            f"{connection.peer} answered a ping with {type(event).__name__}",
            expected="PongArrived",
            received=type(event).__name__,
        )


def next_event(connection: Connection, within_s: float | None = None, *, ended: bool = False) -> Plan[object]:
    """Wait for one thing that the server says.

    Args:
        connection: Where from.
        within_s: How long to wait for each part of it, in seconds; None for the runner's limit.
        ended: Nothing more comes.

    Raises:
        ConnectionClosedError: If it closed the connection instead.
        ProtocolError: If it sent something that is not allowed, or more than was asked for.
    """
    session = connection.session
    while not (events := session.events()):
        data = b"" if ended else (yield Receive(connection.link, within_s))
        if not data:
            raise ConnectionClosedError(
                f"{connection.peer} closed the connection while an answer was due; the call may have been "
                "executed",
                peer=connection.peer,
            )
        session.receive_data(data)
    event = events[0]
    if isinstance(event, PeerBroke):
        raise event.error
    if len(events) > 1:
        extra = events[1]
        if isinstance(extra, PeerBroke):
            raise extra.error
        raise ProtocolError(
            f"{connection.peer} sent more than the one message that was due", expected=1, received=len(events)
        )
    return event
