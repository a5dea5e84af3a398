"""What annotations of remote methods mean for JSON.

An annotation is text that a remote server sent. It is parsed, never executed; of what is not known here, such
as a class of the user's, any value is taken, and the remote method decides.
"""

import ast
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

from pyro_http.json_types import (
    ANYTHING,
    Choice,
    Duration,
    FixedArray,
    Float,
    InForm,
    JsonType,
    ListOf,
    OneOf,
    Plain,
    TextKeyed,
    Whole,
    Written,
)
from pyro_http.json_values import from_base64, made_set

MAX_TEXT_CHARS: Final = 500
"""Longest annotation that is looked at."""

_TEXT: Final = Plain(str, "string", "a text")
_NOTHING: Final = Plain(type(None), "null", "null")
_NAMED: Final[dict[str, JsonType]] = {
    "int": Whole(int, "integer", "a whole number"),
    "str": _TEXT,
    "LiteralString": _TEXT,
    "Text": _TEXT,
    "bool": Plain(bool, "boolean", "true or false"),
    "None": _NOTHING,
    "NoneType": _NOTHING,
    "float": Float(),
    "bytes": Written("$bytes", "Bytes", from_base64, "base64"),
    "datetime": Written(
        "$datetime", "Datetime", datetime.fromisoformat, "a date and time of ISO 8601", "date-time"
    ),
    "date": Written("$date", "Date", date.fromisoformat, "a date such as 2024-02-29", "date"),
    "time": Written("$time", "Time", time.fromisoformat, "a time such as 12:30:00", "time"),
    "Decimal": Written("$decimal", "Decimal", Decimal, "a decimal number", "decimal"),
    "UUID": Written("$uuid", "Uuid", UUID, "a UUID", "uuid"),
    "timedelta": Duration(),
    "list": ListOf(),
    "dict": TextKeyed(),
}
_LISTS: Final = frozenset(["list", "List", "Sequence", "Iterable", "Collection", "MutableSequence"])
_SETS: Final = frozenset(["set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"])
_DICTS: Final = frozenset(["dict", "Dict", "Mapping", "MutableMapping"])
_TUPLES: Final = frozenset(["tuple", "Tuple"])


@lru_cache(maxsize=2048)
def json_type(annotation: str) -> JsonType:
    """The type that an annotation means; anything for none, and for what is not known here."""
    if not annotation or len(annotation) > MAX_TEXT_CHARS:
        return ANYTHING
    try:
        return _read(ast.parse(annotation, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANYTHING


def item_type(returns: str) -> JsonType:
    """The type of the items of a stream, by the annotation of the method that returns it."""
    try:
        node = ast.parse(returns or "x", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANYTHING
    if isinstance(node, ast.Subscript):
        return _read(_parameters(node)[0])
    return ANYTHING


def _read(node: ast.expr) -> JsonType:
    if isinstance(node, ast.Constant):
        if node.value is None:
            return _NOTHING
        return json_type(node.value) if isinstance(node.value, str) else ANYTHING
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right])
    if isinstance(node, ast.Subscript):
        return _generic(_name(node.value), _parameters(node))
    name = _name(node)
    if name in _SETS or name in _TUPLES or name in _LISTS or name in _DICTS:
        return _generic(name, [])
    return _NAMED.get(name, ANYTHING)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _parameters(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _generic(name: str, parameters: list[ast.expr]) -> JsonType:
    if name == "Literal":
        values = [node.value for node in parameters if isinstance(node, ast.Constant)]
        usable = len(values) == len(parameters) and all(type(v) in (str, int, bool) for v in values)
        return Choice(values) if usable else ANYTHING
    if name == "Union":
        return _union(parameters)
    if name == "Optional":
        return _union([*parameters, ast.Constant(None)])
    if name in ("Annotated", "Final"):
        return _read(parameters[0])
    if name in _TUPLES:
        return _tuple(parameters)
    first = _read(parameters[0]) if parameters else ANYTHING
    if name in _LISTS:
        return ListOf(first)
    if name in _SETS:
        return InForm("$set", ListOf(first), made_set)
    if name in _DICTS and len(parameters) in (0, 2):
        return TextKeyed(_read(parameters[1])) if parameters and first is _TEXT else _any_dict(parameters)
    return ANYTHING


def _any_dict(parameters: list[ast.expr]) -> JsonType:
    return TextKeyed() if not parameters else ANYTHING


def _tuple(parameters: list[ast.expr]) -> JsonType:
    open_ended = len(parameters) == 2 and isinstance(parameters[1], ast.Constant)
    if not parameters or open_ended:
        array: JsonType = ListOf(_read(parameters[0]) if parameters else ANYTHING)
    else:
        array = FixedArray([_read(node) for node in parameters])
    return InForm("$tuple", array, lambda items, _: tuple(items))


def _union(nodes: Sequence[ast.expr]) -> JsonType:
    kinds = [_read(node) for node in nodes]
    return ANYTHING if ANYTHING in kinds else OneOf(kinds)
