"""From an address to a connection that is ready for calls."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from pyro_client.plans.greetings import SHARED as GREETINGS
from pyro_client.plans.greetings import Greeting
from pyro_client.plans.invoke import ask, next_event
from pyro_client.profile import Profile
from pyro_core.client_session import ClientSession
from pyro_core.errors import (
    ConnectionClosedError,
    ConnectionRejected,
    ProtocolError,
    PyroError,
    SerializeError,
)
from pyro_core.events import Accepted, Refused, WrongVersion
from pyro_core.features import TYPES
from pyro_core.metadata import Metadata
from pyro_core.names import DAEMON_ID, PROTOCOL_502, STOCK_SERIALIZER_IDS
from pyro_core.plans import Close, Open, Plan, Receive, Send
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_core.wire.message import META_ON_CONNECT, NO_ANNOTATIONS, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

GET_METADATA: Final = "get_metadata"


class Connection:
    """An open connection, its dialogue, and what the handshake told.

    Attributes:
        link: What the runner's steps need.
        session: The dialogue.
        serializer: Encodes and decodes for this server.
        serializer_id: Its number in this server's protocol version.
        uri: Address of the object.
        peer: Address of the server, for texts.
        version: Protocol version of the server.
        metadata: Members of the object.
        greeting: The server's answer to the handshake.
        features: Extras that both sides agreed on.
        response_annotations: What came along with the answer to the handshake.
        token: What this client said to be let in; None for nothing.
        welcomed_at: When the server had accepted, as ``time.monotonic()`` counts.
    """

    __slots__ = (
        "features",
        "greeting",
        "link",
        "metadata",
        "peer",
        "response_annotations",
        "serializer",
        "serializer_id",
        "session",
        "token",
        "uri",
        "version",
        "welcomed_at",
    )

    def __init__(self, link: Any, uri: URI, session: ClientSession, serializer: Serializer) -> None:
        self.link = link
        self.uri = uri
        self.peer = uri.location or "the given socket"
        self.session = session
        self.serializer = serializer
        self.serializer_id = serializer.wire_ids[session.version]
        self.version = session.version
        self.metadata = Metadata()
        self.greeting: Any = None
        self.features: frozenset[str] = frozenset()
        self.response_annotations: Mapping[str, bytes] = NO_ANNOTATIONS
        self.token: str | None = None
        self.welcomed_at = 0.0

    def use(self, serializer: Serializer) -> None:
        """Encode and decode with this from now on, in the form that was agreed."""
        self.serializer = serializer.faithful() if TYPES in self.features else serializer
        self.serializer_id = serializer.wire_ids[self.version]


def cannot_call_back(connection: Connection) -> PyroError:
    """The error for an object that is offered to a server that knows no such thing."""
    return PyroError(
        f"{connection.peer} cannot call objects over the connection of this proxy (only our own servers "
        "can); run a Daemon here, register the object with it, and send that"
    )


def connect(uri: URI, profile: Profile, *, within_s: float | None = None) -> Plan[Connection]:
    """Connect to an address and shake hands, in the protocol version that the server speaks.

    Args:
        uri: A PYRO address.
        profile: How to talk.
        within_s: Give up on the network connection, and on each part of the handshake, after that many
            seconds; None for the runner's limit.

    Raises:
        CommunicationError: If the server cannot be reached, or refuses.
        ProtocolError: If it does not speak our protocols.
        PyroError: If the object has no members.
    """
    address = uri.location or ""
    version = profile.first_version(address)
    outcome = yield from _attempt(uri, profile, version, within_s)
    if isinstance(outcome, int):
        other = yield from _attempt(uri, profile, outcome, within_s)
        if isinstance(other, int):
            raise ProtocolError(
                f"{address} refuses protocol {version} and protocol {outcome}",
                expected=outcome,
                received=other,
            )
        profile.peers.remember(address, outcome)
        outcome = other
    return outcome


def adopt(link: Any, uri: URI, profile: Profile) -> Plan[Connection]:
    """Use a socket that is connected already, whose server knows no handshake.

    Args:
        link: The runner's link for it.
        uri: Names the object.
        profile: How to talk.
    """
    connection = _prepared(link, uri, profile, profile.given_version(), handshake=False)
    if profile.wants_metadata:
        yield from _fetch_metadata(connection)
        _require_members(connection)
    return connection


def _attempt(uri: URI, profile: Profile, version: int, within_s: float | None) -> Plan[Connection | int]:
    """Connect with one version; gives the version to use instead if the server asks for another."""
    link = yield Open(uri, within_s)
    try:
        outcome = yield from _shake_hands(_prepared(link, uri, profile, version), profile, within_s)
    except GeneratorExit:  # the runner threw the plan away: it cannot carry out steps any more
        raise
    except BaseException:
        yield Close(link)
        raise
    if isinstance(outcome, int):
        yield Close(link)
    return outcome


def _prepared(link: Any, uri: URI, profile: Profile, version: int, *, handshake: bool = True) -> Connection:
    session = ClientSession(
        version=version,
        limits=profile.settings.limits,
        features=profile.features,
        require_handshake=handshake,
        codecs=profile.codecs,
    )
    return Connection(link, uri, session, profile.serializer_for(version))


def _shake_hands(connection: Connection, profile: Profile, within_s: float | None) -> Plan[Connection | int]:
    request, is_usual = _request(connection, profile)
    yield Send(connection.link, request)
    data = b""
    try:
        if is_usual:
            data = yield Receive(connection.link, within_s)
            known = GREETINGS.answer(request, data)
            if known is not None:
                _greeted_again(connection, profile, known)
                return connection
            connection.session.receive_data(data)
        event = yield from next_event(connection, within_s, ended=is_usual and not data)
    except ConnectionClosedError as problem:
        cause = str(problem.__cause__ or "")
        wish = "expect TLS" if profile.settings.tls is None else "want a certificate: TLS(certfile=...)"
        guess = f"it may not know the serializer {connection.serializer.name!r}, or {wish}"
        # With TLS the server may have said itself what it does not like.
        why = f": {cause}" if cause.startswith("TLS:") else f"; {guess}"
        raise ConnectionClosedError(
            f"{connection.peer} closed the connection during the handshake{why}",
            peer=connection.peer,
            retry_safe=True,
        ) from problem
    if isinstance(event, WrongVersion) and event.version != connection.version:
        return event.version
    if isinstance(event, Refused):
        raise ConnectionRejected(_reason(connection, event), peer=connection.peer)
    if not isinstance(event, Accepted):
        raise ProtocolError(
            f"{connection.peer} answered the handshake with {type(event).__name__}",
            expected="Accepted or Refused",
            received=type(event).__name__,
        )
    metadata = yield from _welcome(connection, profile, event)
    if is_usual and metadata is not None and type(connection.greeting) is str:
        known = Greeting(connection.greeting, metadata, event.features, event.message.annotations)
        GREETINGS.remember_answer(request, data, known)
    return connection


def _request(connection: Connection, profile: Profile) -> tuple[bytes, bool]:
    """The CONNECT, and whether it is a usual one, so that the same may be sent again."""
    said = profile.said
    annotations, correlation_id = profile.request_extras()
    is_usual = type(said) is str and profile.wants_metadata and not annotations and correlation_id is None
    session, target = connection.session, connection.uri.object
    key = (session.codec, type(connection.serializer), session.offered, said, target) if is_usual else None
    data = None if key is None else GREETINGS.request(key)
    if data is not None:
        session.connect_again()
        return data, True
    request: dict[str, Any] = {"handshake": said}
    if profile.wants_metadata:
        request["object"] = target
    data = session.connect(
        connection.serializer_id,
        connection.serializer.encode_value(request),
        annotations,
        correlation_id,
        flags=META_ON_CONNECT if profile.wants_metadata else 0,
    )
    if key is not None:
        GREETINGS.remember_request(key, data)
    return data, is_usual


def _greeted_again(connection: Connection, profile: Profile, known: Greeting) -> None:
    """Take in an answer that was read before."""
    connection.session.accepted_again(known.features)
    connection.welcomed_at = monotonic()
    connection.features = known.features
    connection.response_annotations = dict(known.annotations)
    connection.greeting = known.said
    connection.metadata = known.metadata
    profile.greeted(connection)
    connection.use(profile.serializer_for(connection.version, known.features))


def _welcome(connection: Connection, profile: Profile, event: Accepted) -> Plan[Metadata | None]:
    """Take in what the server said when it accepted; gives the members if it named them."""
    message = event.message
    connection.welcomed_at = monotonic()
    connection.features = event.features
    connection.response_annotations = message.annotations
    wire_metadata = _read_greeting(connection, message)
    profile.greeted(connection)
    connection.use(profile.serializer_for(connection.version, event.features))
    if not profile.wants_metadata:
        return None
    if wire_metadata is None:
        yield from _fetch_metadata(connection)
    else:
        connection.metadata = Metadata.from_wire(wire_metadata)
    _require_members(connection)
    return None if wire_metadata is None else connection.metadata


def _read_greeting(connection: Connection, message: Message) -> Any:
    """Note the server's answer; gives the metadata that came with it, or None."""
    if message.serializer_id != connection.serializer_id:
        raise ProtocolError(
            f"{connection.peer} accepted the handshake in serializer {message.serializer_id}, "
            f"expected {connection.serializer_id} ({connection.serializer.name}), as in the request",
            expected=connection.serializer_id,
            received=message.serializer_id,
        )
    if not message.payload:  # protocol 48 tolerates it
        return None
    greeting = connection.serializer.decode_value(message.payload)
    if connection.version == PROTOCOL_502 or message.flags & META_ON_CONNECT:
        if not isinstance(greeting, dict):
            raise ProtocolError(
                f"{connection.peer} accepted the handshake with a {type(greeting).__name__}",
                expected="dict with handshake and meta",
                received=greeting,
            )
        connection.greeting = greeting.get("handshake")
        return greeting.get("meta")
    connection.greeting = greeting
    return None


def _fetch_metadata(connection: Connection) -> Plan[None]:
    members = yield from ask(connection, DAEMON_ID, GET_METADATA, (connection.uri.object,), {})
    connection.metadata = Metadata.from_wire(members)


def _require_members(connection: Connection) -> None:
    if not connection.metadata:
        raise PyroError(
            f"remote object {connection.uri} doesn't expose any methods or attributes; "
            "did its class forget to @expose them?"
        )


def _reason(connection: Connection, refused: Refused) -> str:
    """Why the server refused, in its own words, and the name of a serializer of which it tells the number."""
    said = _said(connection, refused)
    if said == "unknown object":
        return f"{said} {connection.uri.object!r}; a name in a name server is called PYRONAME:name"
    if "serializer that is not accepted" not in said:
        return said
    name = connection.serializer.name
    return f"{said}; that is {name!r}: choose another one, or name it among the serializers of the server"


def _said(connection: Connection, refused: Refused) -> str:
    marshal_id = STOCK_SERIALIZER_IDS[connection.version]["marshal"]
    try:
        if refused.serializer_id == marshal_id:
            from pyro_core.wire.refusal import decode_reason

            return decode_reason(refused.reason_payload)
        if refused.serializer_id == connection.serializer_id:
            return str(connection.serializer.decode_value(refused.reason_payload))
    except (SerializeError, ProtocolError) as problem:
        return f"(its reason cannot be read: {problem})"
    return f"(its reason is in serializer {refused.serializer_id}, which was not asked for)"
