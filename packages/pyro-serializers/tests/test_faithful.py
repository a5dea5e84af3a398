"""Between two of our own peers every value comes back as what it was."""

import datetime as dt
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core import plugins
from pyro_core.calls import StreamHandle
from pyro_core.convert import ClassRules
from pyro_core.errors import PyroError, SerializeError
from pyro_core.serializer import Serializer

NAMES = ["serpent", "json", "marshal", "msgpack"]
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))

VALUES: list[Any] = [
    None,
    True,
    0,
    -5,
    2**200,
    -(2**70),
    1.5,
    float("inf"),
    float("-inf"),
    1 + 2j,
    "",
    "x'\"\\\n\u00e9",
    b"",
    b"\0\xff",
    (),
    (1,),
    (1, (2, [3])),
    [],
    [1, [2]],
    set(),
    {1, 2},
    {"a", (1, 2)},
    frozenset(),
    frozenset({1, frozenset({2})}),
    {},
    {"a": 1},
    {1: 2, (1, 2): 3, None: 4, 1.5: 2, b"k": 1},
    {"__class__": "just data", "x": 1},
    {"data": "QQ==", "encoding": "base64"},
    dt.datetime(2020, 1, 2, 3, 4, 5, 6),
    dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC),
    dt.datetime(2020, 1, 2, tzinfo=EAST),
    dt.datetime(2020, 7, 2, tzinfo=ZoneInfo("UTC")),
    dt.date(2020, 1, 2),
    dt.time(1, 2, 3),
    dt.time(1, 2, tzinfo=EAST),
    dt.timedelta(days=-1, seconds=3, microseconds=5),
    Decimal("1.10"),
    Fraction(1, 3),
    UUID(int=7),
    range(1, 10, 2),
    ...,
    array("d", [1.5, 2.5]),
    array("u", "h\u00e9"),
    deque([1, 2], 5),
    OrderedDict([("b", 1), ("a", 2)]),
    StreamHandle("abc"),
    {"n": {"deep": [({"x": (1, {2, 3})},)]}},
]


def twin(name: str, rules: ClassRules | None = None) -> Serializer:
    plain: Serializer = plugins.serializers().load(name)((rules or ClassRules()).for_version(502))
    return plain.faithful()


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, dt.datetime):
        keys = [getattr(value.tzinfo, "key", None) for value in (one, other)]
        return one == other and one.utcoffset() == other.utcoffset() and keys[0] == keys[1]
    return bool(one == other)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [*VALUES, VALUES], ids=lambda value: type(value).__name__)
def test_c2_values_come_back_as_what_they_were(name: str, value: Any) -> None:
    serializer = twin(name)
    assert same(serializer.decode_value(serializer.encode_value(value)), value)
    call = serializer.decode_call(serializer.encode_call("object", "method", (value,), {"key": value}))
    assert same(call.args[0], value)
    assert call.kwargs is not None
    assert same(call.kwargs["key"], value)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC) | st.none())
)
keys = st.recursive(
    scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(keys, max_size=3)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["__class__", "v", "data", "encoding", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", NAMES)
@given(value=values)
def test_any_plain_value_comes_back_as_what_it_was(name: str, value: Any) -> None:
    serializer = twin(name)
    back = serializer.decode_value(serializer.encode_value(value))
    assert repr(back) == repr(value) or same(back, value)


@pytest.mark.parametrize("name", ["serpent", "json", "marshal"])
def test_a_bytearray_stays_one(name: str) -> None:
    serializer = twin(name)
    assert same(serializer.decode_value(serializer.encode_value([bytearray(b"ab")])), [bytearray(b"ab")])


def test_msgpack_has_one_form_for_bytes_and_bytearray() -> None:
    serializer = twin("msgpack")
    assert serializer.decode_value(serializer.encode_value(bytearray(b"ab"))) == b"ab"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "wire",
    [
        {"__class__": "~tuple"},
        {"__class__": "~tuple", "v": "text"},
        {"__class__": "~set", "v": [[]]},
        {"__class__": "~range", "v": [1, 2, "x"]},
        {"__class__": "~delta", "v": [10**20, 0, 0]},
        {"__class__": "~uuid", "v": "no"},
        {"__class__": "~decimal", "v": "9" * 20_000},
        {"__class__": "~datetime", "v": ["2020-01-01", 0, "../../etc/passwd"]},
        {"__class__": "~array", "v": ["d", ["x"]]},
        {"__class__": "~stream", "v": 5},
        {"__class__": "~ndarray", "v": [{"dtype": "|O", "shape": [1], "order": "C"}, b"12345678"]},
        {"__class__": "~nothing", "v": 1},
    ],
    ids=str,
)
def test_what_is_no_such_value_is_refused(name: str, wire: dict[str, Any]) -> None:
    serializer = twin(name)
    with pytest.raises(PyroError):
        serializer.codec.from_wire(wire)


def chain(make: Callable[[], BaseException]) -> BaseException:
    try:
        raise make()
    except BaseException as error:
        return error


def with_cause() -> BaseException:
    try:
        try:
            raise KeyError("first")
        except KeyError as first:
            raise ValueError("second") from first
    except ValueError as second:
        return second


@pytest.mark.parametrize("name", NAMES)
def test_b6_causes_notes_and_groups_are_kept(name: str) -> None:
    serializer = twin(name)
    error = with_cause()
    error.add_note("a note")
    back = serializer.decode_value(serializer.encode_value(error))
    assert isinstance(back.__cause__, KeyError)
    assert back.__notes__ == ["a note"]
    group = ExceptionGroup("both", [ValueError("a"), ExceptionGroup("inner", [KeyError("b")])])
    back = serializer.decode_value(serializer.encode_value(group))
    assert isinstance(back, ExceptionGroup)
    assert isinstance(back.exceptions[0], ValueError)
    assert isinstance(back.exceptions[1].exceptions[0], KeyError)


@pytest.mark.parametrize("name", NAMES)
def test_a_cause_that_leads_back_to_itself_ends(name: str) -> None:
    one, other = ValueError("one"), KeyError("other")
    one.__cause__, other.__cause__ = other, one
    serializer = twin(name)
    back = serializer.decode_value(serializer.encode_value(one))
    assert isinstance(back.__cause__.__cause__, ValueError)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_class_is_still_refused(name: str) -> None:
    class Unknown:
        def __init__(self) -> None:
            self.field = 1

    serializer = twin(name)
    data = serializer.encode_value([Unknown()])
    with pytest.raises(SerializeError, match="register"):
        serializer.decode_value(data)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_arrays_come_back_with_type_and_shape(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    serializer = twin(name)
    arrays = [
        numpy.arange(12.0).reshape(3, 4),
        numpy.asfortranarray(numpy.arange(12).reshape(3, 4)),
        numpy.arange(20)[::2],
        numpy.zeros((0, 3)),
        numpy.array(5.0),
        numpy.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    ]
    for sent in arrays:
        back = serializer.decode_value(serializer.encode_value({"deep": [sent]}))["deep"][0]
        assert back.dtype == sent.dtype
        assert back.shape == sent.shape
        assert (back == sent).all()
        assert back.flags.writeable
    with pytest.raises(SerializeError, match="Python objects"):
        serializer.encode_value(numpy.array([object()]))
