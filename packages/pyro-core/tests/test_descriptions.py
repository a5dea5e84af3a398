import json
import pickle

import pytest

from pyro_core.descriptions import (
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)

FULL = ClassDescription(
    "Shop",
    "Sells things.",
    {
        "sell": MethodDescription(
            "sell",
            "async",
            (
                ParameterDescription("item", "positional", "str"),
                ParameterDescription("count", "keyword-only", "int", "1"),
            ),
            "bool",
            "Sell one.",
        ),
        "odd": MethodDescription("odd"),
    },
    {"open": AttributeDescription("open", "bool", False, "Whether it is open.")},
)


def test_a_description_survives_the_journey() -> None:
    assert ClassDescription.from_wire(json.loads(json.dumps(FULL.to_wire()))) == FULL
    assert pickle.loads(pickle.dumps(FULL)) == FULL


def test_unknown_parameters_are_not_no_parameters() -> None:
    wire = FULL.to_wire()
    assert "parameters" not in wire["methods"][1]
    assert ClassDescription.from_wire(wire).methods["odd"].parameters is None


@pytest.mark.parametrize(
    "wire", [None, "text", [], {}, {"methods": 3}, {"methods": [1, {"name": "no name"}]}]
)
def test_what_cannot_be_understood_is_not_known(wire: object) -> None:
    assert ClassDescription.from_wire(wire) == ClassDescription()


@pytest.mark.parametrize(
    "parameters", [[{"name": "a", "kind": "strange"}], [{"kind": "positional"}], ["a"], "ab"]
)
def test_parameters_of_a_later_kind_make_the_method_known_by_name_only(parameters: object) -> None:
    wire = {"methods": [{"name": "go", "kind": "new", "parameters": parameters, "more": 1}]}
    assert ClassDescription.from_wire(wire).methods == {"go": MethodDescription("go")}
