from typing import Any

import pytest

from pyro_core.descriptions import MethodDescription, ParameterDescription
from pyro_http.arguments import MAX_FINDINGS, body_schema, read_arguments
from pyro_http.problems import Problem

ADD = MethodDescription(
    "add",
    parameters=(
        ParameterDescription("first", "positional-only", "int"),
        ParameterDescription("second", "positional", "int", "2"),
        ParameterDescription("unit", "keyword-only", "str", "'m'"),
    ),
)
ANY = MethodDescription(
    "any",
    parameters=(
        ParameterDescription("numbers", "variadic positional", "int"),
        ParameterDescription("named", "variadic keyword", "str"),
    ),
)
NONE = MethodDescription("none", parameters=())


@pytest.mark.parametrize(
    ("method", "document", "args", "kwargs"),
    [
        (ADD, {"args": [1]}, [1], {}),
        (ADD, {"args": [1, 3], "kwargs": {"unit": "s"}}, [1, 3], {"unit": "s"}),
        (ADD, {"args": [1], "kwargs": {"second": 3}}, [1], {"second": 3}),
        (ANY, {"args": [1, 2], "kwargs": {"a": "b"}}, [1, 2], {"a": "b"}),
        (NONE, {}, [], {}),
        (None, {"args": [{"$tuple": []}], "kwargs": {"a": 1}}, [()], {"a": 1}),
        (MethodDescription("unknown"), {"args": [1]}, [1], {}),
    ],
)
def test_arguments_are_taken_by_position_and_by_name(
    method: MethodDescription | None, document: Any, args: list[Any], kwargs: dict[str, Any]
) -> None:
    assert read_arguments(document, method) == (args, kwargs)


@pytest.mark.parametrize(
    ("method", "document", "errors"),
    [
        (ADD, {}, {"/args/0": "missing: the argument 'first'"}),
        (ADD, {"args": ["1"]}, {"/args/0": "expected a whole number"}),
        (ADD, {"args": [1, 2, 3]}, {"/args/2": "expected at most 2 positional arguments"}),
        (ADD, {"args": [1, 2], "kwargs": {"second": 2}}, {"/kwargs/second": "given by position as well"}),
        (
            ADD,
            {"args": [1], "kwargs": {"wrong": 2}},
            {"/kwargs/wrong": "expected one of the names second, unit"},
        ),
        (ADD, {"args": [1], "kwargs": {"unit": 5}}, {"/kwargs/unit": "expected a text"}),
        (
            ADD,
            {"kwargs": {"first": 1}},
            {
                "/kwargs/first": "expected one of the names second, unit",
                "/args/0": "missing: the argument 'first'",
            },
        ),
        (
            ANY,
            {"args": ["a"], "kwargs": {"b/c": 1}},
            {"/args/0": "expected a whole number", "/kwargs/b~1c": "expected a text"},
        ),
        (NONE, {"args": [1]}, {"/args/0": "expected at most 0 positional arguments"}),
        (NONE, {"kwargs": {"a": 1}}, {"/kwargs/a": "expected no arguments by name"}),
        (None, {"args": [{"$bytes": 1}]}, {"/args/0/$bytes": "expected base64 as text"}),
    ],
)
def test_each_wrong_argument_is_pointed_at(
    method: MethodDescription | None, document: Any, errors: dict[str, str]
) -> None:
    with pytest.raises(Problem) as caught:
        read_arguments(document, method)
    assert caught.value.status == 422
    assert {one.pointer: one.detail for one in caught.value.findings} == errors


@pytest.mark.parametrize("document", [[], 1, None, {"arguments": []}, {"args": {}}, {"kwargs": []}])
def test_a_body_of_another_form_is_refused(document: Any) -> None:
    with pytest.raises(Problem) as caught:
        read_arguments(document, ADD)
    assert caught.value.kind == "bad-json"


def test_of_many_wrong_arguments_some_are_told() -> None:
    with pytest.raises(Problem) as caught:
        read_arguments({"args": ["a"] * (MAX_FINDINGS + 1)}, ANY)
    assert len(caught.value.findings) == MAX_FINDINGS


def test_the_schema_has_both_ways_and_what_is_needed() -> None:
    schema, required = body_schema(ADD)
    assert required
    by_name, by_position = schema["anyOf"]
    assert by_name["properties"]["args"]["prefixItems"] == [{"type": "integer"}]
    assert list(by_name["properties"]["kwargs"]["properties"]) == ["second", "unit"]
    assert by_position["properties"]["args"]["maxItems"] == 2
    assert by_position["required"] == ["args"]
    assert body_schema(NONE)[1] is False
