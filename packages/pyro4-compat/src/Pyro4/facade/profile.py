"""How a proxy of Pyro4 talks: protocol 48, with the serializers and settings of ``Pyro4.config``."""

from collections.abc import Callable
from typing import Any, Final

from Pyro4.configuration import config
from Pyro4.errors import SerializeError
from Pyro4.facade.settings import client_settings
from pyro_client.plans.connect import Connection
from pyro_client.profile import Profile
from pyro_core.calls import ObjectRef
from pyro_core.features import TYPES
from pyro_core.names import PROTOCOL_48
from pyro_core.serializer import Serializer
from pyro_core.uri import URI

OUT_OF_DATE: Final = -1
"""For ``seen``: the settings are to be read again before the next call."""


class ClassicProfile(Profile):
    """A native profile with the habits of Pyro4.

    Attributes:
        seen: ``config.changes`` when the settings were read.
        making: The connection whose handshake is being validated; None at other times.
    """

    __slots__ = ("making", "seen")

    def __init__(self, uri: URI, settings: Any = None, rules: Any = None, peers: Any = None) -> None:
        super().__init__(uri, settings or client_settings(uri.host), rules, peers)
        self.seen = config.changes
        self.wants_metadata = config.METADATA
        # Programs want to hear that a connection is lost, and with it a session.
        self.reopens = False
        self.making: Connection | None = None

    def greeted(self, connection: Connection) -> None:
        self.making = connection
        try:
            super().greeted(connection)
        finally:
            self.making = None

    def use_references(self, reference_of: Callable[[object], ObjectRef | None]) -> None:
        """Say which objects travel by reference on connections to come."""
        self.rules = self.rules.copy()
        self.rules.reference_of = reference_of
        self._serializers = {}

    def refresh(self) -> bool:
        """Read the settings again if they have changed; tells whether they had."""
        if self.seen == config.changes:
            return False
        self.seen = config.changes
        self.settings = client_settings(self.uri.host)
        self.wants_metadata = config.METADATA
        self._serializers = {}
        return True

    @property
    def features(self) -> frozenset[str]:
        return frozenset({TYPES}) if config.FAITHFUL_TYPES else frozenset()

    def first_version(self, address: str) -> int:
        return PROTOCOL_48

    def given_version(self) -> int:
        return PROTOCOL_48

    def serializer_class(self, name: str) -> type[Serializer]:
        from Pyro4.facade.serializers import wire_class

        found = wire_class(name)
        if found is None:
            raise SerializeError(f"serializer '{name}' is unknown or not available")
        return found

    def reference(self) -> ObjectRef:
        return super().reference()
