"""The writer against the ``serpent`` library, which stock peers use: the same bytes, the same refusals."""

import array
import collections
import datetime
import decimal
import enum
import gc
import math
import uuid
from typing import Any

import pytest
import serpent
from hypothesis import given, settings
from hypothesis import strategies as st

from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_serializers.serpent import SerpentSerializer
from pyro_serializers.serpent_writer import DEEPEST_LEVEL


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


Pair = collections.namedtuple("Pair", "left right")


def written(value: object) -> bytes:
    return SerpentSerializer(ClassRules().for_version(502)).encode_value(value)


def by_library(value: object) -> bytes:
    return bytes(serpent.dumps(value, module_in_classname=True))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.characters(categories=["Cs", "Cc", "Zl"]),
    st.binary(),
    st.binary().map(bytearray),
    st.binary().map(memoryview),
    st.decimals(),
    st.uuids(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.sampled_from([Color.RED, Level.LOW, Pair(1, "x")]),
)
KEYS = st.one_of(st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.tuples(st.text()))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(KEYS, inner),
        st.sets(KEYS),
        st.frozensets(KEYS),
        st.lists(inner).map(collections.deque),
        st.dictionaries(KEYS, inner).map(collections.UserDict),
    ),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_the_bytes_are_those_of_the_library(value: Any) -> None:
    assert written(value) == by_library(value)


@pytest.mark.parametrize(
    "value",
    [
        list(range(100)),
        [0.5 * i for i in range(100)],
        [*range(50), 1.5, math.nan, math.inf],
        [str(i) for i in range(100)],
        [None, True, *range(20)],
        [Color.RED] * 20,
        array.array("d", [1.0, 2.0]),
        array.array("u", "text"),
        {"a": 1}.keys(),
        {"a": 1}.values(),
        {"a": 1}.items(),
        collections.Counter("aab"),
        collections.defaultdict(list, {"x": [1]}),
        collections.UserList([1]),
        collections.UserString("text"),
        datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
        decimal.Decimal("NaN"),
        uuid.UUID(int=5),
        complex(math.nan, 1.0),
        complex(-0.0, -0.0),
        complex(math.inf, -math.inf),
        ValueError("x", 3),
    ],
    ids=repr,
)
def test_unusual_values_are_written_as_the_library_does(value: Any) -> None:
    assert written(value) == by_library(value)


def test_calls_are_written_as_the_library_writes_their_four_parts() -> None:
    serializer = SerpentSerializer(ClassRules().for_version(502))
    for args in ((), (1,), (1, "two", {"three": (3.0,)}), [("m", (1,), {})]):
        for kwargs in ({}, None, {"key": [1], "other": b"x"}):
            call = ("obj", "it's", args, kwargs)
            assert serializer.encode_call(*call) == by_library(call)


@pytest.mark.parametrize(
    "value",
    [
        {None: 1},
        {frozenset([1]): 1},
        {Pair(1, 2): 1},
        {datetime.date(2020, 1, 1): 1},
        {None},
        range(3),
        ...,
        int,
        object(),
        [[object()]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_library_refuses_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        by_library(value)
    with pytest.raises(SerializeError):
        written(value)


@pytest.mark.parametrize("value", [{b"key": 1}, {b"member"}, {math.nan: 1}], ids=repr)
def test_keys_that_no_peer_can_read_are_refused_by_the_writer(value: Any) -> None:
    with pytest.raises((TypeError, ValueError, SyntaxError)):
        serpent.loads(by_library(value))
    with pytest.raises(SerializeError, match="dict key"):
        written(value)


def nested(levels: int, kind: type) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"k": value} if kind is dict else kind([value])
    return value


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_depth_is_limited_where_the_library_limits_it(kind: type) -> None:
    deepest = nested(DEEPEST_LEVEL, kind)
    assert written(deepest) == by_library(deepest)
    with pytest.raises(ValueError, match="too deep"):
        by_library(nested(DEEPEST_LEVEL + 1, kind))
    with pytest.raises(SerializeError, match="deeper than 200"):
        written(nested(DEEPEST_LEVEL + 1, kind))


def test_values_that_contain_themselves_are_refused() -> None:
    loop: list[Any] = []
    loop += [loop, loop]
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    for value in (loop, ring, [ring, ring]):
        with pytest.raises(SerializeError, match="itself"):
            written(value)


def test_subclasses_of_builtin_types_travel_as_those() -> None:
    class Number(int):
        pass

    class Text(str):
        pass

    class Ratio(float):
        def __repr__(self) -> str:
            return "Ratio!"

    value = [Number(5), Text("x"), Ratio(0.5), collections.OrderedDict(b=1, a=2)]
    assert written(value) == b"# serpent utf-8 python3.2\n[5,'x',0.5,{'b':1,'a':2}]"


def test_the_registry_of_the_library_is_neither_consulted_nor_changed() -> None:
    class Thing:
        def __init__(self) -> None:
            self.x = 1

    before = dict(serpent._special_classes_registry)
    serpent.register_class(Thing, lambda *_: pytest.fail("the registry was consulted"))
    try:
        assert b"'x':1" in written(Thing())
    finally:
        serpent.unregister_class(Thing)
    assert dict(serpent._special_classes_registry) == before


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_alone(enabled: bool) -> None:
    serializer = SerpentSerializer(ClassRules().for_version(502))
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        for value in ([1, {"a": 2}], {1: {2}}):
            serializer.decode_value(serializer.encode_value(value))
            assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
