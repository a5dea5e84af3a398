"""What a remote object offers: the names that may be called, read and written."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping

from pyro_core.errors import ProtocolError
from pyro_core.records import FrozenRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

NO_NAMES: Final[frozenset[str]] = frozenset()


class Metadata(FrozenRecord):
    """Exposed members of one object.

    Attributes:
        methods: Names that can be called (one-way ones included).
        oneway: Names whose calls are not answered.
        attrs: Names of attributes that can be read, or also written.
        idempotent: Names of methods that may simply be called again. Stock peers do not know of it.
    """

    __slots__ = ("methods", "oneway", "attrs", "idempotent")

    methods: frozenset[str]
    oneway: frozenset[str]
    attrs: frozenset[str]
    idempotent: frozenset[str]

    def __init__(
        self,
        methods: frozenset[str] = NO_NAMES,
        oneway: frozenset[str] = NO_NAMES,
        attrs: frozenset[str] = NO_NAMES,
        idempotent: frozenset[str] = NO_NAMES,
    ) -> None:
        self._fill(methods, oneway, attrs, idempotent)

    def __bool__(self) -> bool:
        return bool(self.methods or self.attrs)

    def to_wire(self, *, as_lists: bool = False) -> dict[str, object]:
        """Form in which it travels: sets, or sorted lists where the serializer has no sets."""
        form = sorted if as_lists else set
        wire: dict[str, object] = {
            "methods": form(self.methods),
            "oneway": form(self.oneway),
            "attrs": form(self.attrs),
        }
        if self.idempotent:
            wire["idempotent"] = form(self.idempotent)
        return wire

    @classmethod
    def from_wire(cls, wire: object) -> Metadata:
        """Read it back.

        Args:
            wire: Mapping with the keys ``methods``, ``oneway`` and ``attrs``, each any collection of text.

        Raises:
            ProtocolError: If it has another shape.
        """
        if not isinstance(wire, Mapping):
            raise ProtocolError(
                f"object metadata must be a mapping, got {type(wire).__name__}",
                expected="mapping",
                received=wire,
            )
        return cls(
            _names(wire.get("methods", ())),
            _names(wire.get("oneway", ())),
            _names(wire.get("attrs", ())),
            _names(wire.get("idempotent", ())),
        )


def _names(wire: object) -> frozenset[str]:
    if isinstance(wire, Iterable) and not isinstance(wire, str):
        names = list(wire)
        if all(isinstance(name, str) for name in names):
            return frozenset(names)
    raise ProtocolError(
        f"names in object metadata must be a collection of text, got {reprlib.repr(wire)}",
        expected="collection of text",
        received=wire,
    )


NO_METADATA: Final = Metadata()
"""Nothing is known about the object."""
