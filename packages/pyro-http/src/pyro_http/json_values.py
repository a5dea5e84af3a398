"""Python values as JSON, both ways: each value that JSON lacks has one form, an object with one ``$`` member.

======================  ==========================================
``bytes``               ``{"$bytes": "aGVsbG8="}`` (base64)
``tuple``               ``{"$tuple": [1, 2]}``
``set``, ``frozenset``  ``{"$set": [1, 2]}``
``datetime``            ``{"$datetime": "2024-02-29T12:00:00+00:00"}``
``date``, ``time``      ``{"$date": "2024-02-29"}``, ``{"$time": "12:00:00"}``
``timedelta``           ``{"$timedelta": 90.5}`` (seconds)
``Decimal``             ``{"$decimal": "1.10"}``
``UUID``                ``{"$uuid": "..."}``
``complex``             ``{"$complex": [1.0, 2.0]}``
``nan``, ``inf``        ``{"$float": "nan"}``, ``"inf"``, ``"-inf"``
other dicts             ``{"$dict": [[key, value], ...]}``: keys that are no text; one key with ``$``
remote objects          ``{"$object": "PYRO:..."}``; in results only
======================  ==========================================
"""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn
from uuid import UUID

from pyro_core.calls import ObjectRef
from pyro_http.problems import Finding, Problem

MAX_DEPTH: Final = 100
"""Values within each other."""
_ATOMS: Final = frozenset({str, int, bool, type(None)})


class BadValue(Exception):
    """A value of a request is not what it should be.

    Args:
        pointer: Which one, as a JSON pointer.
        detail: What was expected.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.finding = Finding(pointer, detail)


def parse(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        Problem: If it is none.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant)
        if b"\\ud" in body.lower():  # half a character, perhaps, which no serializer can carry
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except (ValueError, RecursionError) as problem:
        raise Problem("bad-json", f"the body is no JSON: {problem or 'too many levels'}") from problem


def dump(value: Any) -> bytes:
    """A document of plain JSON values as text."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def to_json(value: Any, depth: int = 0) -> Any:
    """A Python value as plain JSON values.

    Raises:
        Problem: If it has no form in JSON.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if depth > MAX_DEPTH:
        raise Problem("bad-answer", f"the result has more than {MAX_DEPTH} levels")
    if kind is list:
        return [to_json(item, depth + 1) for item in value]
    if kind is dict:
        return _dict(value, depth)
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, depth)
    return _other(value, depth)


def _dict(value: Mapping[Any, Any], depth: int) -> Any:
    plain = all(type(key) is str for key in value)
    if plain and not (len(value) == 1 and next(iter(value)).startswith("$")):
        return {key: to_json(item, depth + 1) for key, item in value.items()}
    return {"$dict": [[to_json(key, depth + 1), to_json(item, depth + 1)] for key, item in value.items()]}


def _other(value: Any, depth: int) -> Any:
    """Subclasses, buffers, arrays and remote objects."""
    for kind in (bool, int, str):
        if isinstance(value, kind):
            return kind(value)
    for base, writer in _WRITERS.items():
        if isinstance(value, base):
            return writer(value, depth)
    if isinstance(value, float):
        return to_json(float(value), depth)
    if isinstance(value, Mapping):
        return _dict(value, depth)
    if isinstance(value, list):
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, memoryview):
        return _bytes(bytes(value), depth)
    if isinstance(value, BaseException):
        return {"$exception": {"type": type(value).__name__, "message": str(value)}}
    reference = getattr(type(value), "__pyro_ref__", None)
    if reference is not None:
        return {"$object": str(reference(value).uri)}
    as_list = getattr(value, "tolist", None)  # array.array, and numpy's
    if callable(as_list):
        return to_json(as_list(), depth + 1)
    raise Problem("bad-answer", f"the result has a {type(value).__qualname__}, which has no form in JSON")


def _bytes(value: bytes, depth: int) -> Any:
    return {"$bytes": base64.b64encode(value).decode("ascii")}


def _items(name: str) -> Callable[[Any, int], Any]:
    def write(value: Any, depth: int) -> Any:
        return {name: [to_json(item, depth + 1) for item in value]}

    return write


def _set(value: Any, depth: int) -> Any:
    items = [to_json(item, depth + 1) for item in value]
    return {"$set": sorted(items, key=lambda item: (str(type(item)), str(item)))}


_WRITERS: Final[dict[type, Callable[[Any, int], Any]]] = {
    bytes: _bytes,
    bytearray: _bytes,
    tuple: _items("$tuple"),
    set: _set,
    frozenset: _set,
    datetime: lambda value, _: {"$datetime": value.isoformat()},
    date: lambda value, _: {"$date": value.isoformat()},
    time: lambda value, _: {"$time": value.isoformat()},
    timedelta: lambda value, _: {"$timedelta": value.total_seconds()},
    Decimal: lambda value, _: {"$decimal": str(value)},
    UUID: lambda value, _: {"$uuid": str(value)},
    complex: lambda value, _: {"$complex": [to_json(value.real), to_json(value.imag)]},
    ObjectRef: lambda value, _: {"$object": str(value.uri)},
}


def from_json(value: Any, pointer: str = "", depth: int = 0) -> Any:
    """The Python value of plain JSON values.

    Args:
        value: As ``json`` gives it.
        pointer: Where it is, for errors.
        depth: Levels above it.

    Raises:
        BadValue: If a form in it is none.
    """
    kind = type(value)
    if kind is not dict and kind is not list:
        return value
    if depth > MAX_DEPTH:
        raise BadValue(pointer, f"expected at most {MAX_DEPTH} levels")
    if kind is list:
        return [from_json(item, f"{pointer}/{number}", depth + 1) for number, item in enumerate(value)]
    if len(value) == 1:
        (name,) = value
        if name.startswith("$"):
            return _form(name, value[name], f"{pointer}/{name}", depth + 1)
    return {key: from_json(item, f"{pointer}/{escaped(key)}", depth + 1) for key, item in value.items()}


def escaped(key: str) -> str:
    """A member's name as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _form(name: str, content: Any, pointer: str, depth: int) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        raise BadValue(pointer, f"expected one of {', '.join(_READERS)}; other dicts are written as $dict")
    return reader(content, pointer, depth)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f'{text} is not in JSON; write {{"$float": "{text.lower()}"}}')


def _text_form(convert: Callable[[str], Any], what: str) -> Callable[[Any, str, int], Any]:
    def read(content: Any, pointer: str, depth: int) -> Any:
        return convert_text(convert, content, pointer, what)

    return read


def convert_text(convert: Callable[[str], Any], content: Any, pointer: str, what: str) -> Any:
    """What a text stands for.

    Raises:
        BadValue: If it is none, or stands for nothing.
    """
    if not isinstance(content, str):
        raise BadValue(pointer, f"expected {what} as text")
    try:
        return convert(content)
    except (ValueError, InvalidOperation, binascii.Error) as problem:
        raise BadValue(pointer, f"expected {what}") from problem


def from_base64(text: str) -> bytes:
    """The bytes of a text in base64."""
    return base64.b64decode(text.encode("ascii"), validate=True)


def special_float(text: str) -> float:
    """The number that a text such as ``nan`` or ``-inf`` stands for."""
    if text not in ("nan", "inf", "-inf"):
        raise ValueError(text)
    return float(text)


def _list(content: Any, pointer: str, depth: int) -> list[Any]:
    if not isinstance(content, list):
        raise BadValue(pointer, "expected an array")
    found: list[Any] = from_json(content, pointer, depth)
    return found


def _as_set(content: Any, pointer: str, depth: int) -> set[Any]:
    return made_set(_list(content, pointer, depth), pointer)


def made_set(items: list[Any], pointer: str) -> set[Any]:
    """A set of items.

    Raises:
        BadValue: If one of them cannot be in a set.
    """
    try:
        return set(items)
    except TypeError as problem:
        raise BadValue(pointer, "expected items that can be in a set: no lists, dicts or sets") from problem


def _as_dict(content: Any, pointer: str, depth: int) -> dict[Any, Any]:
    pairs = _list(content, pointer, depth)
    try:
        if all(isinstance(pair, list) for pair in pairs):
            return dict(pairs)
    except (TypeError, ValueError):
        pass  # a pair of another length, or a key that is a list
    raise BadValue(pointer, "expected arrays of key and value, with keys that can be keys")


def seconds(content: Any, pointer: str) -> timedelta:
    """A duration.

    Raises:
        BadValue: If it is no number of seconds, or too large.
    """
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise BadValue(pointer, "expected a number of seconds")
    try:
        return timedelta(seconds=content)
    except OverflowError as problem:
        raise BadValue(pointer, "expected a number of seconds up to 86399999999999") from problem


def _complex(content: Any, pointer: str, depth: int) -> complex:
    parts = _list(content, pointer, depth)
    try:
        real, imaginary = (float(part) for part in parts if type(part) in (int, float))
        if len(parts) == 2:
            return complex(real, imaginary)
    except (ValueError, OverflowError):
        pass  # not two, or one too large
    raise BadValue(pointer, "expected two numbers")


_READERS: Final[dict[str, Callable[[Any, str, int], Any]]] = {
    "$bytes": _text_form(from_base64, "base64"),
    "$tuple": lambda content, pointer, depth: tuple(_list(content, pointer, depth)),
    "$set": _as_set,
    "$datetime": _text_form(datetime.fromisoformat, "a date and time of ISO 8601"),
    "$date": _text_form(date.fromisoformat, "a date such as 2024-02-29"),
    "$time": _text_form(time.fromisoformat, "a time such as 12:30:00"),
    "$timedelta": lambda content, pointer, depth: seconds(content, pointer),
    "$decimal": _text_form(Decimal, "a decimal number"),
    "$uuid": _text_form(UUID, "a UUID"),
    "$complex": _complex,
    "$float": _text_form(special_float, "nan, inf or -inf"),
    "$dict": _as_dict,
}
