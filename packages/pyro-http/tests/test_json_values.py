import json
import math
from array import array
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.uri import URI
from pyro_http.json_values import MAX_DEPTH, BadValue, dump, from_json, parse, to_json
from pyro_http.problems import Problem

BOTH_WAYS = [
    (None, None),
    (True, True),
    ("text", "text"),
    (1 << 70, 1 << 70),
    (1.5, 1.5),
    ([1, [2]], [1, [2]]),
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    (b"hello", {"$bytes": "aGVsbG8="}),
    ((1, (2,)), {"$tuple": [1, {"$tuple": [2]}]}),
    ({3, 1}, {"$set": [1, 3]}),
    (datetime(2024, 2, 29, 12, tzinfo=UTC), {"$datetime": "2024-02-29T12:00:00+00:00"}),
    (date(2024, 2, 29), {"$date": "2024-02-29"}),
    (time(12, 30), {"$time": "12:30:00"}),
    (timedelta(minutes=1.5), {"$timedelta": 90.0}),
    (Decimal("1.10"), {"$decimal": "1.10"}),
    (UUID(int=5), {"$uuid": "00000000-0000-0000-0000-000000000005"}),
    (complex(1, -2), {"$complex": [1.0, -2.0]}),
    (math.inf, {"$float": "inf"}),
    ({1: "a", "b": 2}, {"$dict": [[1, "a"], ["b", 2]]}),
    ({"$set": 1}, {"$dict": [["$set", 1]]}),
    ({"$a": 1, "$b": 2}, {"$a": 1, "$b": 2}),
]


@pytest.mark.parametrize(("value", "form"), BOTH_WAYS, ids=[type(value).__name__ for value, _ in BOTH_WAYS])
def test_each_value_has_one_form_and_comes_back_as_what_it_was(value: Any, form: Any) -> None:
    assert to_json(value) == form
    again = from_json(parse(dump(form)))
    assert again == value
    assert type(again) is type(value)


def test_what_has_no_way_back_is_still_shown() -> None:
    assert to_json(frozenset([1])) == {"$set": [1]}
    assert to_json(array("i", [1, 2])) == [1, 2]
    assert to_json(memoryview(b"a")) == {"$bytes": "YQ=="}
    assert to_json(ObjectRef(URI("PYRO:o@h:1"))) == {"$object": "PYRO:o@h:1"}
    assert to_json(ValueError("no")) == {"$exception": {"type": "ValueError", "message": "no"}}
    assert math.isnan(from_json({"$float": "nan"}))


def test_a_result_without_a_form_is_a_bad_answer() -> None:
    with pytest.raises(Problem, match="object, which has no form in JSON") as caught:
        to_json([object()])
    assert caught.value.status == 502


@pytest.mark.parametrize(
    ("value", "pointer", "expected"),
    [
        ({"a": {"$bytes": "?"}}, "/a/$bytes", "expected base64"),
        ([{"$date": "yesterday"}], "/0/$date", "expected a date such as 2024-02-29"),
        ({"$nothing": 1}, "/$nothing", "expected one of"),
        ({"$set": [[1]]}, "/$set", "expected items that can be in a set"),
        ({"$dict": ["ab"]}, "/$dict", "expected arrays of key and value"),
        ({"$dict": [[[1], 2]]}, "/$dict", "expected arrays of key and value"),
        ({"$tuple": 1}, "/$tuple", "expected an array"),
        ({"$timedelta": 1e20}, "/$timedelta", "expected a number of seconds up to"),
        ({"$complex": [1]}, "/$complex", "expected two numbers"),
        ({"$decimal": "x"}, "/$decimal", "expected a decimal number"),
        ({"a/b~": {"$uuid": 5}}, "/a~1b~0/$uuid", "expected a UUID as text"),
    ],
)
def test_a_wrong_form_is_pointed_at(value: Any, pointer: str, expected: str) -> None:
    with pytest.raises(BadValue) as caught:
        from_json(value)
    assert caught.value.finding.pointer == pointer
    assert caught.value.finding.detail.startswith(expected)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_levels_are_limited_both_ways() -> None:
    deepest = nested(MAX_DEPTH + 1)
    assert from_json(deepest) == deepest
    assert to_json(deepest) == deepest
    with pytest.raises(BadValue, match="at most 100 levels"):
        from_json(nested(MAX_DEPTH + 2))
    with pytest.raises(Problem, match="more than 100 levels"):
        to_json(nested(MAX_DEPTH + 2))


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[NaN]", b"1" * 5000, b"[" * 100_000, b'["\\uD800"]'], ids=len
)
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Problem, match="the body is no JSON") as caught:
        parse(body)
    assert caught.value.status == 400


def test_whole_characters_may_be_written_in_halves() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_numbers_that_json_lacks_are_never_written() -> None:
    assert json.loads(dump(to_json([math.nan]))) == [{"$float": "nan"}]
