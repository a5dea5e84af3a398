"""Describes a class: looks at what it exposes and writes down signatures, annotations and docs.

Nothing of the class is called for that, except ``repr`` of defaults and annotations that are no plain values.
How much is told is bounded, since everything comes from the user's code and goes to any client that asks.
"""

import enum
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from pyro_core.descriptions import (
    ASYNC,
    GENERATOR,
    METHOD,
    ONEWAY,
    PARAMETER_KINDS,
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)
from pyro_core.expose import accessors
from pyro_core.members import Attribute, MemberTable, Method

MAX_MEMBERS: Final = 1000
"""Members of a class that are described; more are known by name only."""
MAX_PARAMETERS: Final = 100
"""Parameters of a method; one with more is described without any."""
MAX_DOC_CHARS: Final = 4000
"""Length of one docstring; the rest is cut off."""
MAX_DOCS_CHARS: Final = 200_000
"""Length of all docstrings of a class together; those beyond are left out."""
MAX_EXPRESSION_CHARS: Final = 300
"""Length of an annotation or a default; a longer one is not told."""
MAX_ITEMS: Final = 50
"""Items of a collection that is a default; a longer one is not told."""
MAX_DEPTH: Final = 3
"""Collections within each other in a default; the same."""

_ADDRESS: Final = " at 0x"
"""What ``repr`` gives then says nothing to anybody elsewhere."""
_COLLECTIONS: Final = frozenset({tuple, list, dict, set, frozenset})


def describe(table: MemberTable) -> ClassDescription:
    """What a class says about the members that it exposes.

    Args:
        table: Its exposed members.
    """
    docs = _Docs()
    cls = table.cls
    own_doc = docs.take(next(_class_docs(cls), ""))
    names = sorted([*table.methods, *table.attributes])[:MAX_MEMBERS]
    return ClassDescription(
        cls.__name__,
        own_doc,
        {name: _method(cls, table.methods[name], docs) for name in names if name in table.methods},
        {name: _attribute(cls, table.attributes[name], docs) for name in names if name in table.attributes},
    )


class _Docs:
    """Cleans docstrings up as long as there is room for them."""

    def __init__(self) -> None:
        self._left = MAX_DOCS_CHARS

    def take(self, doc: object) -> str:
        if not isinstance(doc, str) or not doc:
            return ""
        text = inspect.cleandoc(doc)
        if len(text) > MAX_DOC_CHARS:
            text = f"{text[: MAX_DOC_CHARS - 2].rstrip()} …"
        if len(text) > self._left:
            return ""
        self._left -= len(text)
        return text


def _method(cls: type, method: Method, docs: _Docs) -> MethodDescription:
    definitions = _definitions(cls, method.name)
    current = definitions[0]
    function = next(accessors(current))
    signature = _signature(current, function)
    return MethodDescription(
        method.name,
        _kind(method, function),
        None if signature is None else _parameters(signature),
        "" if signature is None else _annotation(signature.return_annotation),
        docs.take(_first_doc(definitions)),
    )


def _attribute(cls: type, attribute: Attribute, docs: _Docs) -> AttributeDescription:
    definitions = _definitions(cls, attribute.name)
    current = definitions[0]
    getter = current.func if isinstance(current, functools.cached_property) else current.fget
    signature = None if getter is None else _signature(current, getter)
    return AttributeDescription(
        attribute.name,
        "" if signature is None else _annotation(signature.return_annotation),
        attribute.set is not None,
        docs.take(_first_doc(definitions)),
    )


def _definitions(cls: type, name: str) -> list[Any]:
    """What the class and its bases have under a name, the nearest first."""
    return [vars(base)[name] for base in cls.__mro__ if name in vars(base)]


def _first_doc(definitions: list[Any]) -> object:
    """A method without a docstring has that of the one it overrides."""
    docs = (getattr(definition, "__doc__", None) for definition in definitions)
    return next((doc for doc in docs if isinstance(doc, str)), "")


def _class_docs(cls: type) -> Iterator[str]:
    for base in cls.__mro__:
        doc = vars(base).get("__doc__")
        if isinstance(doc, str) and base.__module__ != "builtins":
            yield doc


def _kind(method: Method, function: Any) -> str:
    if method.oneway:
        return ONEWAY
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return GENERATOR
    return ASYNC if inspect.iscoroutinefunction(function) else METHOD


def _signature(definition: Any, function: Callable[..., Any]) -> inspect.Signature | None:
    """How to call what a class has, without ``self`` or ``cls``; None if that cannot be told."""
    try:
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            signature = inspect.signature(function, annotation_format=Format.STRING)
        else:
            signature = inspect.signature(function)
    except Exception:  # of a function written in C, or out of a `__signature__` of the user's making
        return None
    parameters = list(signature.parameters.values())
    bound = hasattr(type(definition), "__get__") and not isinstance(definition, staticmethod)
    if bound and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        del parameters[0]
    return signature.replace(parameters=parameters)


def _parameters(signature: inspect.Signature) -> tuple[ParameterDescription, ...] | None:
    if len(signature.parameters) > MAX_PARAMETERS:
        return None
    return tuple(
        ParameterDescription(
            parameter.name,
            PARAMETER_KINDS[parameter.kind],
            _annotation(parameter.annotation),
            "" if parameter.default is parameter.empty else _default(parameter.default),
        )
        for parameter in signature.parameters.values()
    )


def _annotation(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    if isinstance(annotation, str):
        text = annotation
    elif annotation is None or annotation is type(None):
        text = "None"
    else:
        try:
            text = inspect.formatannotation(annotation)
        except Exception:  # whatever the `repr` of an annotation does
            return ""
    return "" if len(text) > MAX_EXPRESSION_CHARS or _ADDRESS in text else text


def _default(value: Any) -> str:
    """A default as source text; ``...`` if there is none that says enough in little space."""
    try:
        if isinstance(value, enum.Enum):
            text = f"{type(value).__name__}.{value.name}"
        elif isinstance(value, type) or inspect.isroutine(value):
            text = value.__qualname__
        else:
            text = repr(value) if _is_small(value) else "..."
    except Exception:  # whatever the `repr` of a default does
        return "..."
    return "..." if not text or len(text) > MAX_EXPRESSION_CHARS or _ADDRESS in text else text


def _is_small(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether the ``repr`` of a builtin value is short; that of any other class is up to the class."""
    kind = type(value)
    if kind in _COLLECTIONS:
        items = [*value, *value.values()] if kind is dict else value
        return depth > 0 and len(items) <= MAX_ITEMS and all(_is_small(item, depth - 1) for item in items)
    if kind is str or kind is bytes:
        return len(value) <= MAX_EXPRESSION_CHARS
    return kind is not int or bool(value.bit_length() <= MAX_EXPRESSION_CHARS)
