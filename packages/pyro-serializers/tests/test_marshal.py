import collections
import enum
import marshal
import uuid
from typing import Any

import pytest

from pyro_core.calls import Call
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import SerializeError
from pyro_core.uri import URI
from pyro_serializers.marshal import MarshalSerializer

Pair = collections.namedtuple("Pair", "left right")


class Level(enum.IntEnum):
    LOW = 1


def serializer(rules: ClassRules | None = None) -> MarshalSerializer:
    return MarshalSerializer((rules or ClassRules()).for_version(502))


def there_and_back(value: object) -> Any:
    return serializer().decode_value(serializer().encode_value(value))


def test_it_is_marked_as_unsafe() -> None:
    assert MarshalSerializer.safe is False


@pytest.mark.parametrize(
    ("method", "args"),
    [("__getattr__", ("name",)), ("__setattr__", ("name", 5)), ("<batch>", [("m", (1,), {})])],
)
def test_attributes_and_batches_travel(method: str, args: Any) -> None:
    data = serializer().encode_call("thing", method, args, None)
    assert serializer().decode_call(data) == Call("thing", method, list(args), None)
    assert marshal.loads(data) == ("thing", method, list(args), None)


def test_objects_travel_at_any_depth() -> None:
    uri = URI("PYRO:obj@host:1")
    value = {"a": [uri, (uri, {"b": uri})], (1, 2): {"c": ValueError("x")}}
    back = there_and_back(value)
    assert back["a"] == value["a"]
    assert back[1, 2]["c"].args == ("x",)
    assert isinstance(there_and_back([1, BatchFailure(ZeroDivisionError("x"))])[1], BatchFailure)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, frozenset({1}), (1, (2,)), b"x", 1 + 2j, 2**70, {None: 1, b"k": 2, (1,): 3}, "\ud800", set()],
    ids=repr,
)
def test_builtin_types_stay_what_they_are(value: object) -> None:
    back = there_and_back([value])[0]
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (Pair(1, 2), (1, 2)),
        (Level.LOW, 1),
        (collections.OrderedDict(a=1), {"a": 1}),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_near_types_become_builtin_ones_also_inside(value: object, arrives: object) -> None:
    for wanted, sent in ((arrives, value), ([arrives], [value])):
        back = there_and_back(sent)
        assert back == wanted
        assert type(back) is type(wanted)


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    with pytest.raises(SerializeError, match="contains itself"):
        serializer().encode_value(loop)


@pytest.mark.parametrize("value", [..., range(3), compile("1", "", "eval"), len])
def test_code_and_other_things_are_refused(value: object) -> None:
    with pytest.raises(SerializeError):
        serializer().encode_value([value])


@pytest.mark.parametrize("data", [b"", b"[", b"i\x01", b"?", b"u\x01\0\0\0\xff"])
def test_cut_off_data_is_refused(data: bytes) -> None:
    with pytest.raises(SerializeError):
        serializer().decode_value(data)
