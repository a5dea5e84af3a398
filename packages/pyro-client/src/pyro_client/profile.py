"""What a proxy is, apart from its connection: everything that a copy of it takes along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pyro_client import peer_versions
from pyro_client.peer_versions import PeerVersions
from pyro_core.calls import ObjectRef
from pyro_core.context import checked_annotations, request_extras
from pyro_core.convert import ClassRules
from pyro_core.errors import PluginError, SerializeError
from pyro_core.features import AUTO, AUTO_HANDSHAKE, AUTO_ORDER, SERIALIZER_PREFIX, SUPPORTED
from pyro_core.metadata import Metadata
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_core.wire.codec import CODECS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_client.plans.connect import Connection
    from pyro_client.transfers import OnTransfer
    from pyro_core.descriptions import ClassDescription
    from pyro_core.observing import Observer, Observers
    from pyro_core.settings import ClientSettings
    from pyro_core.wire.codec import Codecs

DEFAULT_HANDSHAKE: Final = "hello"
_FEW_MEMBERS: Final = 12
"""So many are all named in the error for one that there is not."""

Annotations = Mapping[str, bytes]


class Profile:
    """How one proxy talks to its object.

    Args:
        uri: Which object.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received beside the plain types; None for new, empty rules.
        peers: Memory of the servers' protocol versions; None for that of the process.

    Attributes:
        resolved_uri: Address that ``uri`` last turned out to mean; None before the first connection.
        chosen_serializer: Name of the serializer if one was chosen for this proxy, else None.
        handshake: What to say in the handshake; any value that the serializer takes.
        timeout_s: Deadline of one attempt of a call, in seconds; None for none.
        max_retries: How often to repeat a call that failed, although it may have been executed.
        metadata: Members of the object as far as they are known.
        description: Their signatures and docs; None if they were not asked for.
        oneway: Names of methods whose calls are not answered.
        token: What is said beside the handshake to be let in; no copy of the proxy that travels has it.
        validate_handshake: Gets the server's answer to the handshake, and raises to refuse the server.
        annotations: Gives annotations to send with each request.
        reopens: Whether a call of which nothing was sent may take a new connection in place of a lost one.
        wants_metadata: Whether to ask for the members of the object when connecting.
        on_response: Gets the annotations and the message kind of each answer.
        on_transfer: Is told how far large messages are.
        extras: Whether to offer what only our own servers can do.
        observers: Are told what happens; None for nobody. Set by ``observe``, before a channel is made.
        codecs: Protocol versions that may be spoken, the preferred one first; holds for new connections.
    """

    __slots__ = (
        "_serializers",
        "annotations",
        "chosen_serializer",
        "codecs",
        "description",
        "extras",
        "handshake",
        "max_retries",
        "metadata",
        "observers",
        "on_response",
        "on_transfer",
        "oneway",
        "peers",
        "reopens",
        "resolved_uri",
        "rules",
        "settings",
        "timeout_s",
        "token",
        "uri",
        "validate_handshake",
        "wants_metadata",
    )

    def __init__(
        self,
        uri: URI,
        settings: ClientSettings | None = None,
        rules: ClassRules | None = None,
        peers: PeerVersions | None = None,
    ) -> None:
        if settings is None:
            # Only now: a program that merely imports the client does not pay for settings.
            from pyro_core.settings import ClientSettings

            settings = ClientSettings.from_environ()
        self.settings = settings
        self.uri = uri
        self.rules = ClassRules() if rules is None else rules
        self.peers = peer_versions.SHARED if peers is None else peers
        self.resolved_uri = uri if uri.protocol == "PYRO" else None
        self.chosen_serializer: str | None = None
        self.handshake: Any = DEFAULT_HANDSHAKE
        self.token: str | None = None
        self.timeout_s = self.settings.timeouts.call_s
        self.max_retries = self.settings.max_retries
        self.metadata = Metadata()
        self.description: ClassDescription | None = None
        self.oneway: set[str] = set()
        self.validate_handshake: Callable[[Any], object] | None = None
        self.annotations: Callable[[], Annotations] | None = None
        self.on_response: Callable[[Annotations, int], object] | None = None
        self.on_transfer: OnTransfer | None = None
        self.extras = True
        self.codecs: Codecs = CODECS
        self.reopens = True
        self.wants_metadata = True
        self._serializers: dict[tuple[str, int], Serializer] = {}
        self.observers: Observers | None = None
        if settings.observers:
            self.observe(settings.observers)

    def observe(self, observers: Iterable[str | Observer]) -> None:
        """Have these told what happens, and nobody else.

        Args:
            observers: Observers, and names of plugins.

        Raises:
            PluginError: If a name is unknown, or its plugin broken.
        """
        from pyro_core.observing import observers_of

        self.observers = observers_of(observers)
        self.codecs = CODECS if self.observers is None else self.observers.codecs("client", CODECS)

    @property
    def serializer(self) -> str:
        """Name of the serializer for requests."""
        return self.chosen_serializer or self.settings.serializer

    @property
    def said(self) -> Any:
        """What to say in the handshake, the token included."""
        said = self.handshake
        if self.token is None:
            return said
        if isinstance(said, dict):
            return {**said, "token": self.token}
        return {"token": self.token} | ({} if said == DEFAULT_HANDSHAKE else {"handshake": said})

    def take_token(self) -> None:
        """Say the token of the settings: where the program gave the address itself, and over TLS."""
        if self.uri.protocol == "PYRO" or self.settings.tls is not None:
            self.token = self.settings.token

    def token_for(self, uri: URI) -> str | None:
        """The token for an object that somebody else named: only where it was said anyway."""
        here = self.resolved_uri
        return self.token if here is not None and uri.location == here.location else None

    @property
    def object_id(self) -> str:
        """Id of the object in its daemon, or the name or tags it is looked up by."""
        target = (self.resolved_uri or self.uri).object
        return target if isinstance(target, str) else ",".join(sorted(target))

    def copy(self) -> Profile:
        """An independent profile that starts out the same."""
        twin = type(self)(self.uri, self.settings, self.rules, self.peers)
        for name in Profile.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.oneway = set(self.oneway)
        twin._serializers = dict(self._serializers)
        return twin

    def for_object(self, uri: URI) -> Profile:
        """A profile for talking to another object, such as the name server, with the same habits."""
        other = type(self)(uri, self.settings, self.rules, self.peers)
        other.chosen_serializer = self.chosen_serializer
        other.codecs = self.codecs
        other.observers = self.observers
        other._serializers = self._serializers
        return other

    def learn(self, metadata: Metadata) -> None:
        """Take over what a server said about the object; one-way names added by the user are kept."""
        self.oneway -= self.metadata.oneway - metadata.oneway
        self.oneway |= metadata.oneway
        if metadata != self.metadata:
            self.description = None
        self.metadata = metadata

    def greeted(self, connection: Connection) -> None:
        """A server accepted the handshake, and the connection is about to be used. Raise to refuse it."""
        if self.validate_handshake is not None:
            self.validate_handshake(connection.greeting)

    @property
    def features(self) -> frozenset[str]:
        """The extras to offer to a server."""
        if not self.extras:
            return frozenset()
        if self.serializer != AUTO:
            return SUPPORTED
        return SUPPORTED | {f"{SERIALIZER_PREFIX}{name}" for name in AUTO_ORDER if self._is_installed(name)}

    @property
    def first_serializer(self) -> str:
        """Name of the serializer for the handshake."""
        return AUTO_HANDSHAKE if self.serializer == AUTO else self.serializer

    def first_version(self, address: str) -> int:
        """The protocol version to try first with a server."""
        version = self.peers.get(address)
        known = self.serializer_class(self.first_serializer).wire_ids
        if version in known and version in self.codecs:
            return version
        return next((other for other in self.codecs if other in known), next(iter(self.codecs)))

    def given_version(self) -> int:
        """The protocol version to speak on a socket whose server knows no handshake."""
        return next(iter(self.codecs))

    def serializer_for(self, version: int, features: frozenset[str] = frozenset()) -> Serializer:
        """The serializer, with the names that a protocol version uses.

        Args:
            version: The protocol version.
            features: What was agreed; nothing before the handshake.

        Raises:
            PluginError: If it is unknown or broken.
            SerializeError: If that protocol version has no number for it.
        """
        name = self.first_serializer
        if self.serializer == AUTO:
            agreed = [other for other in AUTO_ORDER if f"{SERIALIZER_PREFIX}{other}" in features]
            name = agreed[0] if agreed else name
        found = self._serializers.get((name, version))
        if found is None:
            cls = self.serializer_class(name)
            if version not in cls.wire_ids:
                raise SerializeError(
                    f"serializer {name!r} cannot be used with protocol {version}, which the server speaks; "
                    "choose another one for this proxy",
                    serializer=name,
                )
            found = self._serializers[name, version] = cls(self.rules.for_version(version))
        return found

    def offers(self, name: str) -> bool:
        """Whether a name is a method of the object, as far as is known."""
        return name in self.metadata.methods or name in self.oneway

    def missing(self, name: str) -> AttributeError:
        """The error for a name that the object does not have."""
        from difflib import get_close_matches

        known = self.metadata.methods | self.metadata.attrs
        near = get_close_matches(name, known)
        hint = f"; it has {', '.join(sorted(known))}" if 0 < len(known) <= _FEW_MEMBERS else ""
        if near:
            hint = f"; did you mean {' or '.join(map(repr, near))}?"
        return AttributeError(
            f"remote object '{self.uri}' has no exposed attribute or method {name!r}{hint}", name=name
        )

    def request_extras(self) -> tuple[Annotations, bytes | None]:
        """Annotations and correlation id for the next request."""
        annotations, correlation_id = request_extras()
        if self.annotations is not None:
            annotations = {**annotations, **checked_annotations(self.annotations())}
        return annotations, correlation_id

    def reference(self) -> ObjectRef:
        """What the proxy becomes when it travels."""
        uri = self.resolved_uri or self.uri
        chosen = None if self.chosen_serializer == AUTO else self.chosen_serializer
        return ObjectRef(uri, self.metadata, self.handshake, chosen)

    def _is_installed(self, name: str) -> bool:
        try:
            self.serializer_class(name)
        except PluginError:
            return False
        return True

    def serializer_class(self, name: str) -> type[Serializer]:
        """The class of a serializer. Raises PluginError if it is unknown or broken."""
        from pyro_core import plugins

        cls: type[Serializer] = plugins.serializers().load(name)
        return cls
