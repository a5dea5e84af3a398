from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pyro_http.annotations import MAX_TEXT_CHARS, item_type, json_type
from pyro_http.json_types import ANYTHING
from pyro_http.json_values import BadValue

TAKEN = [
    ("int", 5, 5),
    ("int", 5.0, 5),
    ("float", 5, 5.0),
    ("float", {"$float": "inf"}, float("inf")),
    ("str", "a", "a"),
    ("bool", True, True),
    ("None", None, None),
    ("int | None", None, None),
    ("typing.Optional[int]", 5, 5),
    ("Union[int, str]", "a", "a"),
    ("list[int]", [1, 2.0], [1, 2]),
    ("collections.abc.Sequence[str]", ["a"], ["a"]),
    ("set[int]", [1, 1], {1}),
    ("set[int]", {"$set": [1]}, {1}),
    ("tuple[int, str]", [1, "a"], (1, "a")),
    ("tuple[int, ...]", {"$tuple": [1, 2]}, (1, 2)),
    ("tuple", [1], (1,)),
    ("dict[str, list[int]]", {"a": [1]}, {"a": [1]}),
    ("dict[str, int]", {"$dict": [["$a", 1]]}, {"$a": 1}),
    ("dict[int, str]", {"$dict": [[1, "a"]]}, {1: "a"}),
    ("dict", {"a": 1}, {"a": 1}),
    ("Literal['a', 5]", 5, 5),
    ("Annotated[int, 'of apples']", 5, 5),
    ("bytes", {"$bytes": "YQ=="}, b"a"),
    ("datetime.datetime", "2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("date", {"$date": "2024-02-29"}, date(2024, 2, 29)),
    ("Decimal", "1.10", Decimal("1.10")),
    ("uuid.UUID", "00000000-0000-0000-0000-000000000005", UUID(int=5)),
    ("timedelta", 1.5, timedelta(seconds=1.5)),
    ("Order", {"$tuple": [1]}, (1,)),
    ("'int'", 5, 5),
]


@pytest.mark.parametrize(("annotation", "value", "taken"), TAKEN)
def test_a_value_becomes_what_the_annotation_says(annotation: str, value: Any, taken: Any) -> None:
    made = json_type(annotation).take(value, "")
    assert made == taken
    assert type(made) is type(taken)


REFUSED = [
    ("int", "5", "", "expected a whole number"),
    ("int", True, "", "expected a whole number"),
    ("int", 5.5, "", "expected a whole number"),
    ("float", "5", "", "expected a number"),
    ("float", 1 << 2000, "", "expected a number that a float can hold"),
    ("bool", 1, "", "expected true or false"),
    ("list[int]", [1, "a"], "/1", "expected a whole number"),
    ("list[int]", {"a": 1}, "", "expected an array"),
    ("tuple[int, str]", [1], "", "expected an array of 2"),
    ("dict[str, list[int]]", {"a/b": ["x"]}, "/a~1b/0", "expected a whole number"),
    ("dict[str, int]", {"$a": 1}, "/$a", "expected a name without $"),
    ("int | None", "a", "", "expected a whole number, or null"),
    ("list[int] | None", ["a"], "/0", "expected a whole number"),
    ("Literal[1, 2]", True, "", "expected one of 1, 2"),
    ("bytes", "YQ==", "", 'expected {"$bytes": base64}'),
    ("date", "tomorrow", "", "expected a date such as 2024-02-29"),
    ("set[list]", [[1]], "", "expected items that can be in a set"),
]


@pytest.mark.parametrize(("annotation", "value", "pointer", "detail"), REFUSED)
def test_what_does_not_fit_is_pointed_at(annotation: str, value: Any, pointer: str, detail: str) -> None:
    with pytest.raises(BadValue) as caught:
        json_type(annotation).take(value, "")
    assert caught.value.finding.pointer == pointer
    assert caught.value.finding.detail.startswith(detail)


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "Order",
        "int | Order",
        "list[",
        "a b",
        "dict[int, int, int]",
        "__import__('os')",
        "(" * 400,
        "int" * 200,
    ],
    ids=range(9),
)
def test_what_is_not_known_takes_anything(annotation: str) -> None:
    assert json_type(annotation) is ANYTHING
    assert len("int" * 200) > MAX_TEXT_CHARS


def test_items_of_streams_have_types_too() -> None:
    assert item_type("collections.abc.Iterator[int]") is json_type("int")
    assert item_type("Generator[str, None, None]") is json_type("str")
    assert item_type("") is ANYTHING
    assert item_type("Iterator") is ANYTHING
