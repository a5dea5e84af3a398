import collections
import datetime
import enum
from typing import Any

import pytest

from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_serializers.stand_ins import BUILTIN_BASES, COMMON, simpler, stand_in


class Color(enum.StrEnum):
    RED = "red"


class Count(int):
    def __int__(self) -> int:
        raise AssertionError("asked for more than its value")

    def __index__(self) -> int:
        raise AssertionError("asked for more than its value")


class Word(str):
    def __str__(self) -> str:
        return "another"


CODEC = ClassRules().for_version(502)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Count(5), 5),
        (Word("w"), "w"),
        (Color.RED, "red"),
        (datetime.datetime(2020, 1, 2), "2020-01-02T00:00:00"),
        (collections.deque([1]), [1]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (bytearray(b"x"), b"x"),
    ],
    ids=repr,
)
def test_an_object_becomes_the_plain_value_inside_it(value: object, plain: object) -> None:
    made = stand_in(value, {**BUILTIN_BASES, **COMMON})
    assert type(made) is type(plain) or isinstance(value, Color)
    assert made == plain


def test_an_object_without_a_stand_in_is_given_back() -> None:
    value = object()
    assert stand_in(value, COMMON) is value


def test_rules_come_first_then_the_table_then_the_parts_of_the_object() -> None:
    class Thing:
        def __init__(self) -> None:
            self.x = 1

    moment = datetime.date(2020, 1, 2)
    rules = ClassRules()
    assert simpler(moment, rules.for_version(502), COMMON) == "2020-01-02"
    rules.register_class_to_dict(datetime.date, lambda day: {"__class__": "day", "number": day.toordinal()})
    assert simpler(moment, rules.for_version(502), COMMON) == {"__class__": "day", "number": 737426}
    taken_apart: dict[str, Any] = simpler(Thing(), CODEC, COMMON)
    assert taken_apart["x"] == 1
    with pytest.raises(SerializeError):
        simpler(object(), CODEC, COMMON)


def test_an_exception_is_never_taken_for_a_container() -> None:
    class Both(collections.UserDict[str, int], Exception):
        pass

    assert simpler(Both(a=1), CODEC, COMMON)["__exception__"] is True
