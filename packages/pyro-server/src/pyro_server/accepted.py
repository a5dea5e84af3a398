"""The serializers that one daemon accepts: an allow-list by name.

A serializer that is not on the list is never asked to decode or to encode anything.
"""

import threading
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from pyro_core import plugins
from pyro_core.convert import ClassRules
from pyro_core.errors import PluginError
from pyro_core.features import AUTO_ORDER, SERIALIZER_PREFIX
from pyro_core.names import PROTOCOL_VERSIONS, STOCK_SERIALIZER_IDS
from pyro_core.serializer import Serializer
from pyro_core.settings import ServerSettings

_DEFAULT_NAMES: Final = frozenset(ServerSettings().serializers)


class AcceptedSerializers:
    """Loads the accepted serializers when they are first needed, and keeps one instance per version.

    Names that are accepted by default may be missing here (msgpack is an optional extra): they are then
    refused like any other. All others must load at once.

    Args:
        names: What is accepted.
        rules: Rules for classes, shared by all.
        load: Gives the class of a serializer by its name; None asks the registry of plugins.

    Raises:
        PluginError: If a name is unknown, or its plugin does not load.
    """

    def __init__(
        self, names: Iterable[str], rules: ClassRules, load: Callable[[str], Any] | None = None
    ) -> None:
        self.names = tuple(names)
        self._rules = rules
        self._class_of = load or plugins.serializers().load
        self._tables: dict[int, dict[int, Serializer]] = {version: {} for version in PROTOCOL_VERSIONS}
        self._faithful: dict[int, dict[int, Serializer]] = {version: {} for version in PROTOCOL_VERSIONS}
        self._offers = frozenset(f"{SERIALIZER_PREFIX}{name}" for name in self.names if name in AUTO_ORDER)
        self._unloaded = set(self.names)
        self._lock = threading.Lock()
        for name in self.names:
            if name not in _DEFAULT_NAMES:
                self._load(name)

    def table(self, version: int, *, faithful: bool = False) -> dict[int, Serializer]:
        """Serializer id -> serializer, for those of a protocol version that were needed so far.

        Args:
            version: The protocol version.
            faithful: Give the twins for peers that agreed on faithful types.
        """
        return (self._faithful if faithful else self._tables)[version]

    def find(self, version: int, serializer_id: int, *, faithful: bool = False) -> Serializer | None:
        """The serializer with that number, or None if there is none that is accepted."""
        if faithful:
            twins = self._faithful[version]
            twin = twins.get(serializer_id)
            if twin is None:
                plain = self.find(version, serializer_id)
                if plain is not None:
                    twin = twins[serializer_id] = plain.faithful()
            return twin
        table = self._tables[version]
        serializer = table.get(serializer_id)
        if serializer is None and self._unloaded:
            for name, number in STOCK_SERIALIZER_IDS[version].items():
                if number == serializer_id and name in self._unloaded:
                    self._load_if_installed(name)
            serializer = table.get(serializer_id)
        return serializer

    @property
    def offers(self) -> frozenset[str]:
        """The extras by which clients may choose one of the accepted serializers that are safe."""
        return self._offers

    def unusable(self, offers: AbstractSet[str]) -> frozenset[str]:
        """Those of ``offers`` that are accepted, but do not work here."""
        names = {offer: offer.removeprefix(SERIALIZER_PREFIX) for offer in offers & self._offers}
        if not names:
            return frozenset()
        for name in names.values():
            if name in self._unloaded:
                self._load_if_installed(name)
        usable = {serializer.name for table in self._tables.values() for serializer in table.values()}
        return frozenset(offer for offer, name in names.items() if name not in usable)

    def any_of(self, version: int) -> Serializer | None:
        """The first that is accepted and works, for answers to peers that never named one."""
        for name in self.names:
            if name in self._unloaded:
                self._load_if_installed(name)
            for serializer in self._tables[version].values():
                if serializer.name == name:
                    return serializer
        return None

    def _load_if_installed(self, name: str) -> None:
        try:
            self._load(name)
        except PluginError as problem:
            import logging

            logging.getLogger("pyro_server.accepted").warning(
                "serializer %r is accepted but unusable: %s", name, problem
            )
            self._unloaded.discard(name)

    def _load(self, name: str) -> None:
        cls: Any = self._class_of(name)
        with self._lock:
            if name not in self._unloaded:
                return
            for version, table in self._tables.items():
                number = cls.wire_ids.get(version)
                if number is None:
                    continue
                if number in table:
                    raise PluginError(
                        f"serializers {table[number].name!r} and {name!r} both use number {number} "
                        f"in protocol {version}; accept only one of them",
                        group="pyro.serializers",
                        name=name,
                    )
                table[number] = cls(self._rules.for_version(version))
            self._unloaded.discard(name)
