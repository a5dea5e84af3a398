"""Forms in which types that a format lacks travel between two of our own peers, and come back as they were.

Such a value is a dict with two keys: ``__class__``, whose value begins with ``~``, and ``v``. Stock peers
never see it. What is made of a received one is checked as strictly as anything else that comes from outside:
each of these types is made of plain values, and nothing is looked up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final

from pyro_core.alike_keys import check_keys
from pyro_core.calls import StreamHandle
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SerializeError
from pyro_serializers.stand_ins import BUILTIN_BASES, COMMON, StandIns

VALUE_KEY: Final = "v"
_MOST_CAUSES: Final = 16
"""Causes of causes that go with an exception."""
_MOST_DIGITS: Final = 10_000

Make = Callable[[Any], Any]


def tagged(tag: str, value: Any) -> dict[str, Any]:
    """The dict that stands for a value of a type that the format lacks."""
    return {CLASS_KEY: f"~{tag}", VALUE_KEY: value}


def pairs(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """A dict whose keys the format cannot write, or that would be taken for something else."""
    return tagged("dict", [[key, value] for key, value in mapping.items()])


def _datetime(value: datetime) -> dict[str, Any]:
    zone = value.tzinfo
    return tagged("datetime", [value.replace(tzinfo=None).isoformat(), value.fold, _zone(value, zone)])


def _zone(value: datetime | None, zone: tzinfo | None) -> Any:
    """None, seconds east of Greenwich, or the name of a zone with its changes."""
    if zone is None:
        return None
    key = getattr(zone, "key", None)
    if isinstance(key, str):
        return key
    offset = zone.utcoffset(value)
    return None if offset is None else offset.total_seconds()


def _time(value: time) -> dict[str, Any]:
    plain = value.replace(tzinfo=None).isoformat()
    return tagged("time", [plain, value.fold, _zone(None, value.tzinfo)])


def _array(value: Any) -> dict[str, Any]:
    items = value.tounicode() if value.typecode in "uw" else value.tolist()
    return tagged("array", [value.typecode, items])


def _ndarray(value: Any) -> dict[str, Any]:
    from pyro_core import arrays

    about, buffer = arrays.describe(value)
    return tagged("ndarray", [about, bytes(buffer)])


def _scalar(value: Any) -> Any:
    return value.item()


def _enum_value(member: Any) -> Any:
    return member.value


TAGGED: Final[StandIns] = {
    **BUILTIN_BASES,
    **COMMON,
    ("builtins", "dict"): pairs,
    ("collections", "UserDict"): pairs,
    ("builtins", "tuple"): lambda value: tagged("tuple", list(value)),
    ("builtins", "set"): lambda value: tagged("set", list(value)),
    ("builtins", "frozenset"): lambda value: tagged("frozenset", list(value)),
    ("builtins", "bytearray"): lambda value: tagged("bytearray", bytes(value)),
    ("builtins", "complex"): lambda value: tagged("complex", [value.real, value.imag]),
    ("builtins", "range"): lambda value: tagged("range", [value.start, value.stop, value.step]),
    ("builtins", "ellipsis"): lambda value: tagged("ellipsis", None),
    ("uuid", "UUID"): lambda value: tagged("uuid", str(value)),
    ("decimal", "Decimal"): lambda value: tagged("decimal", str(value)),
    ("fractions", "Fraction"): lambda value: tagged("fraction", [value.numerator, value.denominator]),
    ("datetime", "datetime"): _datetime,
    ("datetime", "date"): lambda value: tagged("date", value.isoformat()),
    ("datetime", "time"): _time,
    ("datetime", "timedelta"): lambda value: tagged("delta", [value.days, value.seconds, value.microseconds]),
    ("array", "array"): _array,
    ("collections", "deque"): lambda value: tagged("deque", [list(value), value.maxlen]),
    ("collections", "OrderedDict"): lambda value: tagged("ordered", [[k, v] for k, v in value.items()]),
    ("pyro_core.calls", "StreamHandle"): lambda value: tagged("stream", value.stream_id),
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "generic"): _scalar,
}
"""What instances become where the format has no form of its own for them."""


def _read_datetime(parts: Any) -> datetime:
    text, fold, zone = parts
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=_read_zone(zone))


def _read_time(parts: Any) -> time:
    text, fold, zone = parts
    return time.fromisoformat(text).replace(fold=fold, tzinfo=_read_zone(zone))


def _read_zone(zone: Any) -> tzinfo | None:
    if zone is None:
        return None
    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        return ZoneInfo(zone)
    return UTC if zone == 0 else timezone(timedelta(seconds=zone))


def _read_uuid(text: Any) -> Any:
    from uuid import UUID

    return UUID(text)


def _read_decimal(text: Any) -> Any:
    from decimal import Decimal

    if not isinstance(text, str) or len(text) > _MOST_DIGITS:
        raise ValueError(f"a decimal is text of at most {_MOST_DIGITS} characters")
    return Decimal(text)


def _read_fraction(parts: Any) -> Any:
    from fractions import Fraction

    return Fraction(*map(_int, parts))


def _read_array(parts: Any) -> Any:
    from array import array

    code, items = parts
    return array(code, items)


def _read_deque(parts: Any) -> Any:
    from collections import deque

    items, most = parts
    return deque(_list(items), most)


def _read_ordered(items: Any) -> Any:
    from collections import OrderedDict

    return OrderedDict(_pairs(items))


def _read_ndarray(parts: Any) -> Any:
    from pyro_core import arrays

    about, data = parts
    return arrays.rebuild(about, bytearray(data))


def _read_stream(stream_id: Any) -> StreamHandle:
    if stream_id is not None and not isinstance(stream_id, str):
        raise TypeError("the name of a stream is text")
    return StreamHandle(stream_id)


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError(f"expected a list, got {type(value).__name__}")
    return value


def _hashable(value: Any) -> list[Any]:
    check_keys(_list(value))
    return _list(value)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    pairs = [(key, item) for key, item in _list(value)]
    check_keys([key for key, _ in pairs])
    return pairs


def _int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"expected a whole number, got {type(value).__name__}")
    return value


READERS: Final[Mapping[str, Make]] = {
    "~tuple": lambda value: tuple(_list(value)),
    "~set": lambda value: set(_hashable(value)),
    "~frozenset": lambda value: frozenset(_hashable(value)),
    "~bytes": bytes,
    "~bytearray": bytearray,
    "~complex": lambda value: complex(*value),
    "~range": lambda value: range(*map(_int, value)),
    "~ellipsis": lambda _: ...,
    "~dict": lambda value: dict(_pairs(value)),
    "~uuid": _read_uuid,
    "~decimal": _read_decimal,
    "~fraction": _read_fraction,
    "~datetime": _read_datetime,
    "~date": date.fromisoformat,
    "~time": _read_time,
    "~delta": lambda value: timedelta(*map(_int, value)),
    "~array": _read_array,
    "~deque": _read_deque,
    "~ordered": _read_ordered,
    "~stream": _read_stream,
    "~ndarray": _read_ndarray,
}


class _Cause:
    """An exception that another one names as its cause or context; so many more may follow."""

    __slots__ = ("error", "left")

    def __init__(self, error: BaseException, left: int) -> None:
        self.error = error
        self.left = left


class FaithfulCodec(ClassCodec):
    """The rules for classes of one peer, and the forms of this module."""

    __slots__ = ()

    def apart(self, value: object) -> Any:
        """What to send in place of an instance for which there is no rule; causes go with exceptions."""
        error, left = (value.error, value.left) if isinstance(value, _Cause) else (value, _MOST_CAUSES)
        wire = self.by_rule(error) if error is not value else None
        if wire is None:
            wire = super().apart(error)
        if isinstance(error, BaseException) and left and wire.get("__exception__"):
            if error.__cause__ is not None:
                wire["cause"] = _Cause(error.__cause__, left - 1)
            elif error.__context__ is not None and not error.__suppress_context__:
                wire["context"] = _Cause(error.__context__, left - 1)
        return wire

    def from_wire(self, wire: dict[str, Any]) -> Any:
        """The object that a received dict with ``__class__`` stands for."""
        tag = wire[CLASS_KEY]
        reader = READERS.get(tag) if isinstance(tag, str) else None
        if reader is None:
            made = super().from_wire(wire)
            if isinstance(made, BaseException):
                _chain(made, wire)
            return made
        try:
            return reader(wire[VALUE_KEY])
        except SerializeError:
            raise
        except Exception as problem:
            raise SerializeError(f"cannot read a received {tag[1:]}: {problem}") from problem


def _chain(error: BaseException, wire: dict[str, Any]) -> None:
    """Give a received exception its cause or context."""
    cause, context = wire.get("cause"), wire.get("context")
    if isinstance(cause, BaseException):
        error.__cause__ = cause
    elif isinstance(context, BaseException):
        error.__context__ = context


def faithful_codec(codec: ClassCodec) -> FaithfulCodec:
    """The same rules, with the forms of this module."""
    return FaithfulCodec(codec.rules, codec.version)
