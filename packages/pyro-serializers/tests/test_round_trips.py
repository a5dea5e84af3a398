"""Values that a format keeps come back; broken bytes give a value or one of our own errors."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyro_core.convert import ClassRules
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import Serializer
from pyro_serializers.json import JsonSerializer
from pyro_serializers.marshal import MarshalSerializer
from pyro_serializers.msgpack import MsgpackSerializer
from pyro_serializers.pickle import CloudpickleSerializer, DillSerializer, PickleSerializer
from pyro_serializers.serpent import SerpentSerializer

Strategy = st.SearchStrategy[Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXT.filter(
    lambda name: name not in ("encoding", "__class__")
)  # they make a dict mean something else
KEYS = st.one_of(NAMES, st.integers(), st.tuples(st.integers(), TEXT))
JSON_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXT)
LEAVES = st.one_of(JSON_LEAVES, st.binary(), st.complex_numbers(allow_nan=False))
ZONES = st.sampled_from([UTC, timezone(timedelta(minutes=-90)), timezone(timedelta(hours=14))])
MOMENTS = st.one_of(st.dates(), st.datetimes(timezones=ZONES))


def lists_and_dicts(leaves: Strategy, keys: Strategy) -> Strategy:
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner), st.dictionaries(keys, inner)), max_leaves=15
    )


def every_container(leaves: Strategy) -> Strategy:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner),
            st.lists(inner).map(tuple),
            st.dictionaries(KEYS, inner),
            st.sets(KEYS, min_size=1),  # serpent has no empty one
        ),
        max_leaves=15,
    )


CASES = [
    (SerpentSerializer, every_container(LEAVES)),
    (JsonSerializer, lists_and_dicts(JSON_LEAVES, NAMES)),
    (MarshalSerializer, every_container(LEAVES)),
    (MsgpackSerializer, lists_and_dicts(st.one_of(LEAVES, MOMENTS), KEYS)),
    (PickleSerializer, every_container(st.one_of(LEAVES, MOMENTS))),
    (CloudpickleSerializer, every_container(st.one_of(LEAVES, MOMENTS))),
    (DillSerializer, every_container(st.one_of(LEAVES, MOMENTS))),
]


def make(cls: type[Serializer]) -> Serializer:
    return cls(ClassRules().for_version(502))


def listed(value: Any) -> Any:
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("cls", "values"), CASES, ids=[cls.name for cls, _ in CASES])
@given(data=st.data())
@settings(deadline=None)
def test_values_and_calls_come_back(cls: type[Serializer], values: Strategy, data: st.DataObject) -> None:
    serializer = make(cls)
    value, name = data.draw(values), data.draw(NAMES)
    assert serializer.decode_value(serializer.encode_value(value)) == value
    call = serializer.decode_call(serializer.encode_call(name, name, (value, 1), {name: value}))
    assert (call.object_id, call.method) == (name, name)
    assert list(call.args) == [value, 1]
    assert call.kwargs == {name: value}


@pytest.mark.parametrize(
    "cls", [SerpentSerializer, JsonSerializer, MsgpackSerializer], ids=lambda cls: cls.name
)
@given(st.binary(), st.data())
@settings(deadline=None)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_any_bytes_give_a_value_or_one_of_our_errors(
    cls: type[Serializer], noise: bytes, data: st.DataObject
) -> None:
    serializer = make(cls)
    good = serializer.encode_value(data.draw(lists_and_dicts(JSON_LEAVES, NAMES)))
    place = data.draw(st.integers(0, len(good)))
    for broken in (noise, good[:place] + noise + good[place:], good[:place] + noise):
        for decode in (serializer.decode_value, serializer.decode_call):
            try:
                decode(broken)
            except (SerializeError, SecurityError):
                pass


@pytest.mark.parametrize(
    "moment", [datetime(1980, 1, 2, 3, 4, 5, 999_999), datetime(2100, 12, 31, 23, 59, 59, 1)]
)
def test_local_times_of_our_days_keep_their_microseconds(moment: datetime) -> None:
    serializer = make(MsgpackSerializer)
    assert serializer.decode_value(serializer.encode_value(moment)) == moment
