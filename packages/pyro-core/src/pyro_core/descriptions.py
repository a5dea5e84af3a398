"""What a class of remote objects says about itself: signatures, annotations and docs, as text.

``metadata`` has the names, which every server tells in the handshake; this has the rest, which clients of our
own servers ask for when somebody wants to see it (see ``signatures`` for how a server finds it out).
"""

from __future__ import annotations

from collections.abc import Mapping

from pyro_core.records import FrozenRecord, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

METHOD: Final = "method"
ONEWAY: Final = "oneway"
ASYNC: Final = "async"
GENERATOR: Final = "generator"
METHOD_KINDS: Final = (METHOD, ONEWAY, ASYNC, GENERATOR)

PARAMETER_KINDS: Final = (
    "positional-only",
    "positional",
    "variadic positional",
    "keyword-only",
    "variadic keyword",
)
"""Kinds of parameters, in the order of ``inspect``'s."""


class ParameterDescription(FrozenRecord):
    """A parameter of a method.

    Attributes:
        name: Its name.
        kind: One of ``PARAMETER_KINDS``.
        annotation: Its type as in the source; empty if there is none.
        default: Its default as an expression, ``...`` if it has no short one; empty if there is none.
    """

    __slots__ = ("name", "kind", "annotation", "default")

    name: str
    kind: str
    annotation: str
    default: str

    def __init__(self, name: str, kind: str, annotation: str = "", default: str = "") -> None:
        self._fill(name, kind, annotation, default)


class MethodDescription(FrozenRecord):
    """A method that can be called.

    Attributes:
        name: Its name.
        kind: One of ``METHOD_KINDS``.
        parameters: Its parameters without ``self``; None if they cannot be told.
        returns: Type of the result as in the source; empty if it is not annotated.
        doc: Its docstring; empty if there is none.
    """

    __slots__ = ("name", "kind", "parameters", "returns", "doc")

    name: str
    kind: str
    parameters: tuple[ParameterDescription, ...] | None
    returns: str
    doc: str

    def __init__(
        self,
        name: str,
        kind: str = METHOD,
        parameters: tuple[ParameterDescription, ...] | None = None,
        returns: str = "",
        doc: str = "",
    ) -> None:
        self._fill(name, kind, parameters, returns, doc)


class AttributeDescription(FrozenRecord):
    """An attribute that can be read or written.

    Attributes:
        name: Its name.
        annotation: Its type as in the source; empty if it is not annotated.
        writable: Whether it can be written.
        doc: Its docstring; empty if there is none.
    """

    __slots__ = ("name", "annotation", "writable", "doc")

    name: str
    annotation: str
    writable: bool
    doc: str

    def __init__(self, name: str, annotation: str = "", writable: bool = True, doc: str = "") -> None:
        self._fill(name, annotation, writable, doc)


class ClassDescription(Record):
    """What a class of remote objects offers.

    Attributes:
        name: Name of the class; empty if it is not known.
        doc: Its docstring; empty if there is none.
        methods: Name -> method.
        attributes: Name -> attribute.
    """

    __slots__ = ("name", "doc", "methods", "attributes")

    name: str
    doc: str
    methods: Mapping[str, MethodDescription]
    attributes: Mapping[str, AttributeDescription]

    def __init__(
        self,
        name: str = "",
        doc: str = "",
        methods: Mapping[str, MethodDescription] | None = None,
        attributes: Mapping[str, AttributeDescription] | None = None,
    ) -> None:
        self.name = name
        self.doc = doc
        self.methods = methods or {}
        self.attributes = attributes or {}

    def to_wire(self) -> dict[str, Any]:
        """Form in which it travels: dicts, lists, text and booleans, which any serializer takes."""
        return {
            "name": self.name,
            "doc": self.doc,
            "methods": [_method_to_wire(method) for method in self.methods.values()],
            "attributes": [_fields(attribute) for attribute in self.attributes.values()],
        }

    @classmethod
    def from_wire(cls, wire: object) -> ClassDescription:
        """Read it back. What is missing or of another type is taken for not known."""
        methods = map(_method_from_wire, _named(wire, "methods"))
        attributes = map(_attribute_from_wire, _named(wire, "attributes"))
        return cls(
            _text(wire, "name"),
            _text(wire, "doc"),
            {method.name: method for method in methods},
            {attribute.name: attribute for attribute in attributes},
        )


def _fields(record: FrozenRecord) -> dict[str, Any]:
    names: tuple[str, ...] = record.__slots__
    return {name: getattr(record, name) for name in names}


def _method_to_wire(method: MethodDescription) -> dict[str, Any]:
    wire = _fields(method)
    if method.parameters is None:
        del wire["parameters"]
    else:
        wire["parameters"] = [_fields(parameter) for parameter in method.parameters]
    return wire


def _method_from_wire(wire: Mapping[str, Any]) -> MethodDescription:
    kind = _text(wire, "kind")
    return MethodDescription(
        _text(wire, "name"),
        kind if kind in METHOD_KINDS else METHOD,
        _parameters_from_wire(wire),
        _text(wire, "returns"),
        _text(wire, "doc"),
    )


def _attribute_from_wire(wire: Mapping[str, Any]) -> AttributeDescription:
    return AttributeDescription(
        _text(wire, "name"), _text(wire, "annotation"), wire.get("writable") is True, _text(wire, "doc")
    )


def _parameters_from_wire(wire: Mapping[str, Any]) -> tuple[ParameterDescription, ...] | None:
    if "parameters" not in wire:
        return None
    parameters = tuple(
        ParameterDescription(
            _text(one, "name"), _text(one, "kind"), _text(one, "annotation"), _text(one, "default")
        )
        for one in _named(wire, "parameters")
    )
    known = all(one.kind in PARAMETER_KINDS for one in parameters)
    return parameters if known and len(parameters) == len(wire["parameters"]) else None


def _text(wire: object, key: str) -> str:
    value = wire.get(key) if isinstance(wire, Mapping) else None
    return value if isinstance(value, str) else ""


def _named(wire: object, key: str) -> list[Mapping[str, Any]]:
    """The entries of a list that have a name."""
    found = wire.get(key) if isinstance(wire, Mapping) else None
    entries = found if isinstance(found, list | tuple) else ()
    return [entry for entry in entries if isinstance(entry, Mapping) and _text(entry, "name").isidentifier()]
