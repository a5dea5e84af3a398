import collections
import decimal
import enum
import math
import uuid
from typing import Any

import pytest

from pyro_core.calls import Call
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_serializers.json import JsonSerializer


class Color(enum.Enum):
    RED = ("r", 255)


def serializer(rules: ClassRules | None = None) -> JsonSerializer:
    return JsonSerializer((rules or ClassRules()).for_version(502))


def test_calls_have_the_recorded_form() -> None:
    data = serializer().encode_call("thing", "add", (3, 4), {})
    assert data == b'{"object": "thing", "method": "add", "params": [3, 4], "kwargs": {}}'
    assert serializer().decode_call(data) == Call("thing", "add", [3, 4], {})


def test_text_is_written_as_it_is_and_odd_floats_by_name() -> None:
    assert serializer().encode_value(["ö", math.inf, -math.inf]) == '["ö", Infinity, -Infinity]'.encode()
    assert serializer().encode_value(math.nan) == b"NaN"


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ({1}, [1]),
        (frozenset({1}), [1]),
        (set(), []),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Color.RED, ["r", 255]),
        (collections.OrderedDict(a=1), {"a": 1}),
        ({1: 3, None: 1, 0.5: 2}, {"1": 3, "null": 1, "0.5": 2}),
    ],
    ids=repr,
)
def test_types_that_the_format_lacks_become_near_ones(value: Any, arrives: Any) -> None:
    assert serializer().decode_value(serializer().encode_value([value])) == [arrives]


@pytest.mark.parametrize(
    "value", [b"x", bytearray(b"x"), memoryview(b"x")], ids=lambda value: type(value).__name__
)
def test_binary_data_is_refused_with_the_remedy(value: object) -> None:
    with pytest.raises(SerializeError, match="use serpent or msgpack"):
        serializer().encode_value({"data": [value]})


UNKNOWN_TO_JSON = [{(1, 2): 3}, {b"k": 1}, 1 + 2j, range(3), ..., "\ud800", 10**5000]


@pytest.mark.parametrize("value", UNKNOWN_TO_JSON, ids=lambda value: type(value).__name__)
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(SerializeError) as caught:
        serializer().encode_value([value])
    assert isinstance(caught.value, SerializeError)


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    with pytest.raises(SerializeError, match="contains itself"):
        serializer().encode_value(loop)


def test_an_escaped_class_key_counts() -> None:
    for text in (b'{"__class__": "shop.Item"}', b'{"\\u005F_class__": "shop.Item"}'):
        with pytest.raises(SerializeError, match=r"shop\.Item"):
            serializer().decode_value(text)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[1", b"{1: 2}", b"[" * 100_000, b"9" * 5000, b"1 2", "[1]".encode("utf-16")],
    ids=lambda data: repr(data[:10]),
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(SerializeError):
        serializer().decode_value(data)


@pytest.mark.parametrize(
    "data", [b"[]", b"5", b'{"object": "o", "method": "m", "params": []}', b'["o","m",[],{}]']
)
def test_what_is_no_call_is_refused(data: bytes) -> None:
    with pytest.raises(SerializeError, match="object, method, params and kwargs"):
        serializer().decode_call(data)
