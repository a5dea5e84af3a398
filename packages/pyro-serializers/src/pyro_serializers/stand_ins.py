"""Plain values that stand in for objects of the standard library in formats that lack their types.

The tables are keyed by module and name of the class, so that a type is recognised without importing its
module: a program that never loaded ``decimal`` has no decimals to send.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyro_core.convert import ClassCodec
from pyro_core.uri import URI

StandIns = Mapping[tuple[str, str], Callable[[Any], Any]]
_TAKEN_APART: Final = (URI, BaseException)
"""Classes that have no plain form, whatever their bases have."""


def stand_in(value: object, table: StandIns) -> Any:
    """The plain value to send instead of an object.

    Args:
        value: The object.
        table: Which classes have one; a subclass follows its nearest base.

    Returns:
        The stand-in, which may need the same treatment again, or the object itself if the table has none.
    """
    for base in type(value).__mro__:
        make = table.get((base.__module__, base.__name__))
        if make is not None:
            return make(value)
    return value


def simpler(value: object, codec: ClassCodec, table: StandIns) -> Any:
    """What to send instead of an object that the format does not know: by rule, by table, or taken apart.

    Args:
        value: The object.
        codec: Rules for classes; those of the program come before the table.
        table: Plain forms of the standard library's types.

    Raises:
        SerializeError: If there is no way to take it apart.
    """
    wire = codec.by_rule(value)
    if wire is not None:
        return wire
    plain = value if isinstance(value, _TAKEN_APART) else stand_in(value, table)
    return plain if plain is not value else codec.apart(value)


def _array(value: Any) -> str | list[Any]:
    items: str | list[Any] = value.tounicode() if value.typecode == "u" else value.tolist()
    return items


def _isoformat(value: Any) -> str:
    return str(value.isoformat())


def _seconds(value: Any) -> float:
    return float(value.total_seconds())


def _enum_value(member: Any) -> Any:
    return member.value


def _text_of(value: Any) -> str:
    return str(value.data)


def _bytes_of(value: Any) -> bytes:
    return bytes(memoryview(value))


def _dict_of(value: Any) -> dict[Any, Any]:
    return dict(value.items())


COMMON: Final[StandIns] = {
    ("enum", "Enum"): _enum_value,
    ("uuid", "UUID"): str,
    ("decimal", "Decimal"): str,
    ("datetime", "datetime"): _isoformat,
    ("datetime", "date"): _isoformat,
    ("datetime", "time"): str,
    ("datetime", "timedelta"): _seconds,
    ("array", "array"): _array,
    ("mmap", "mmap"): bytes,
    ("collections", "deque"): list,
    ("collections", "UserList"): list,
    ("collections", "UserDict"): dict,
    ("collections", "UserString"): _text_of,
    ("builtins", "dict_keys"): list,
    ("builtins", "dict_values"): list,
    ("builtins", "dict_items"): list,
    ("collections.abc", "KeysView"): list,
    ("collections.abc", "ValuesView"): list,
    ("collections.abc", "ItemsView"): list,
}
"""What every format does, unless it knows better: what stock peers do in serpent."""

SETS_AS_LISTS: Final[StandIns] = {("builtins", "set"): list, ("builtins", "frozenset"): list}
"""For formats without sets."""

BUILTIN_BASES: Final[StandIns] = {
    ("builtins", "str"): str.__str__,
    ("builtins", "int"): int.__pos__,
    ("builtins", "float"): float.__pos__,
    ("builtins", "complex"): complex.__pos__,
    ("builtins", "bytes"): _bytes_of,
    ("builtins", "bytearray"): _bytes_of,
    ("builtins", "memoryview"): bytes,
    ("builtins", "tuple"): tuple,
    ("builtins", "list"): list,
    ("builtins", "dict"): _dict_of,
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
}
"""What instances of subclasses become, for a writer that knows exact types only."""
