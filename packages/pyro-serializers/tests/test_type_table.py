"""The table in the README says what happens to each type. Here it is compared with what really happens.

``python test_type_table.py`` prints the table as it would be true now.
"""

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import uuid
from typing import Any

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_serializers.json import JsonSerializer
from pyro_serializers.marshal import MarshalSerializer
from pyro_serializers.msgpack import MsgpackSerializer
from pyro_serializers.serpent import SerpentSerializer

README = pathlib.Path(__file__).parents[1] / "README.md"
COLUMNS = (SerpentSerializer, JsonSerializer, MarshalSerializer, MsgpackSerializer)


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Count(int):
    pass


class Word(str):
    __slots__ = ()


class Plain:
    def __init__(self) -> None:
        self.x = 1


@dataclasses.dataclass
class Data:
    x: int = 1


Pair = collections.namedtuple("Pair", "left right")
MOMENT = datetime.datetime(2020, 1, 2, 3, 4, 5, 678)
CASES: dict[str, Any] = {
    "None, bool, int up to 64 bits, float, str": [None, True, 2**63, -(2**63), 0.5, "text"],
    "inf, -inf": [math.inf, -math.inf],
    "int of any size": 2**70,
    "complex": 1 + 2j,
    "str with a lone surrogate": "\ud800",
    "bytes": b"ab",
    "bytearray": bytearray(b"ab"),
    "memoryview": memoryview(b"ab"),
    "list": [1, [2]],
    "tuple": (1, (2,)),
    "namedtuple": Pair(1, 2),
    "set": {1},
    "empty set": set(),
    "frozenset": frozenset({1}),
    "dict, text keys": {"a": {"b": 1}},
    "dict, int, float or bool keys": {2: "a", 0.5: "b"},
    "dict, None as key": {None: 1},
    "dict, tuple keys": {(1, "x"): 1},
    "dict, bytes keys": {b"k": 1},
    "OrderedDict, defaultdict, Counter": collections.OrderedDict(a=1),
    "deque": collections.deque([1]),
    "dict views": {"a": 1}.keys(),
    "array of numbers": array.array("i", [1]),
    "array of text": array.array("u", "ab"),
    "datetime without a time zone": MOMENT,
    "datetime with a time zone": MOMENT.replace(tzinfo=datetime.UTC),
    "date": datetime.date(2020, 1, 2),
    "time": datetime.time(3, 4),
    "timedelta": datetime.timedelta(seconds=1.5),
    "Decimal": decimal.Decimal("1.50"),
    "UUID": uuid.UUID(int=1),
    "Fraction": fractions.Fraction(1, 3),
    "Enum member": Color.RED,
    "IntEnum member": Level.LOW,
    "subclass of int": Count(5),
    "subclass of str": Word("a"),
    "range, Ellipsis": range(3),
    "class": Plain,
    "instance, no rule": Plain(),
    "dataclass instance, no rule": Data(),
    "exception": ValueError("x"),
    "URI": URI("PYRO:obj@host:1"),
    "reference to an object": ObjectRef(URI("PYRO:obj@host:1")),
}


def arrival(cls: type[Serializer], value: Any, *, ours: bool = False) -> str:
    """How a value arrives: ``same``, as which type, or who refuses it; ``ours`` between two of our peers."""
    serializer = cls(ClassRules().for_version(502))
    if ours:
        serializer = serializer.faithful()
    try:
        data = serializer.encode_value([value])
    except SerializeError:
        return "refused"
    try:
        back = serializer.decode_value(data)[0]
    except (SerializeError, SecurityError):
        return "refused on receipt"
    if type(back) is type(value) and (back == value or repr(back) == repr(value)):
        return "same"
    return "keys become text" if isinstance(back, dict) and back != value else type(back).__name__


def between_ours(value: Any) -> str:
    """What most serializers do, and those that do something else."""
    found = {cls.name: arrival(cls, value, ours=True) for cls in COLUMNS}
    usual = max(found.values(), key=list(found.values()).count)
    others = [f"`{name}`: {how}" for name, how in found.items() if how != usual]
    return ", ".join([usual, *others])


def rows() -> list[str]:
    """The rows of the table as they are true now."""
    names = [f"`{cls.name}`" for cls in COLUMNS]
    head = [f"| type | {' | '.join(names)} | between our peers |", "|---" * (len(COLUMNS) + 2) + "|"]
    cells = [[*(arrival(cls, value) for cls in COLUMNS), between_ours(value)] for value in CASES.values()]
    return head + [f"| {name} | {' | '.join(row)} |" for name, row in zip(CASES, cells, strict=True)]


@pytest.mark.parametrize("row", rows())
def test_the_table_in_the_readme_is_true(row: str) -> None:
    assert row in README.read_text().splitlines()


def test_nan_comes_back_as_nan() -> None:
    for cls in COLUMNS:
        serializer = cls(ClassRules().for_version(502))
        assert math.isnan(serializer.decode_value(serializer.encode_value([math.nan]))[0])


if __name__ == "__main__":
    print("\n".join(rows()))
