"""The writer against the ``serpent`` library, which stock peers use: the same bytes, the same refusals."""

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import gc
import math
import uuid
from collections.abc import Callable
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


class Name(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass
class Point:
    x: object
    y: object


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: object) -> None:
        self.x = x


REFUSED = object()


def written(value: object) -> bytes:
    return SerpentSerializer(ClassRules().for_version(502)).encode_value(value)


def by_library(value: object) -> bytes:
    return bytes(serpent.dumps(value, module_in_classname=True))


def outcome(write: Callable[[object], bytes], value: object) -> Any:
    """What is written; the library has no error of its own."""
    refusals = (SerializeError,) if write is written else (TypeError, ValueError)
    try:
        return write(value)
    except refusals:
        return REFUSED


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
    st.sampled_from([Color.RED, Level.LOW, Pair(1, "x"), Slotted(1), 10**4299]),
)
UNUSUAL = st.sampled_from([range(3), ..., int, object(), Slotted(object()), ValueError("x", [1])])
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
        st.dictionaries(KEYS, inner).map(collections.Counter),
        st.builds(Point, inner, inner),
    ),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=300)
def test_the_bytes_are_those_of_the_library(value: Any) -> None:
    assert written(value) == by_library(value)


ODD_KEYS = st.sampled_from(
    [
        None,
        "it's",
        "%s",
        Pair(1, 2),
        (1, (2,)),
        (None,),
        frozenset([1]),
        Color.RED,
        Level.LOW,
        datetime.date.min,
    ]
)
ODD_VALUES = st.recursive(
    SCALARS | UNUSUAL,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS | ODD_KEYS, inner) | st.sets(ODD_KEYS),
    max_leaves=8,
)


@given(ODD_VALUES)
@settings(max_examples=300)
def test_what_the_library_refuses_is_refused_at_any_depth(value: Any) -> None:
    assert outcome(written, value) == outcome(by_library, value)


COLUMNS = st.dictionaries(
    st.sampled_from(["id", "it's", "50%", "%s", "{}", "", "encoding", "\ud800"]) | KEYS,
    st.sampled_from([st.integers(), st.floats(), st.text(), st.floats() | st.none(), SCALARS, ODD_VALUES]),
    max_size=3,
)


def tables(columns: dict[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[Any]]:
    """Rows that all have these columns, perhaps with rows in rows, or with something else at the end."""
    inner = st.fixed_dictionaries(columns)
    outer = st.fixed_dictionaries({**columns, "of": inner})
    rows = st.lists(inner, min_size=16, max_size=18) | st.lists(outer, min_size=16, max_size=18)
    return st.builds(list.__add__, rows, st.lists(SCALARS | inner, max_size=1))


@given(COLUMNS.flatmap(tables))
@settings(max_examples=200)
def test_tables_are_written_as_the_library_writes_them(rows: list[Any]) -> None:
    assert outcome(written, rows) == outcome(by_library, rows)


def test_rows_of_subclasses_and_with_keys_that_are_equal_are_written_one_by_one() -> None:
    for rows in (
        [*[{1: "a"}] * 20, {True: "a"}, {1.0: "a"}],
        [*[{"red": 1}] * 20, {Name("red"): 1}],
        [collections.Counter(a=1)] * 20,
        [*[{"a": 1, "b": 2}] * 20, {"b": 2, "a": 1}],
        [{}] * 20,
    ):
        assert written(rows) == by_library(rows)


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_depth_in_tables_is_limited_where_the_library_limits_it(kind: type) -> None:
    for levels in range(DEEPEST_LEVEL - 4, DEEPEST_LEVEL + 1):
        rows = [{"k": nested(levels, kind)}] * 20
        assert outcome(written, rows) == outcome(by_library, rows), levels
    deepest: Any = [{"k": 1}] * 20
    for levels in range(DEEPEST_LEVEL):
        assert outcome(written, deepest) == outcome(by_library, deepest), levels
        deepest = [deepest]


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
        10**4300,
        [10**4300] * 20,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_library_refuses_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
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
