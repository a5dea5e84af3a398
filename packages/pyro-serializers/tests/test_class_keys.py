"""C3: a dict that only looks like an object is refused where the other side cannot be told."""

from typing import Any

import pytest

from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.serializer import Serializer
from pyro_serializers.json import JsonSerializer
from pyro_serializers.marshal import MarshalSerializer
from pyro_serializers.msgpack import MsgpackSerializer
from pyro_serializers.serpent import SerpentSerializer

CLASSES = [JsonSerializer, MarshalSerializer, MsgpackSerializer, SerpentSerializer]
LOOKALIKES: list[Any] = [
    {"__class__": "Item"},
    [({"a": {"__class__": 5}},)],
    {"a": [{"b": ({"__class__": None, "v": 1},)}]},
]


class Item:
    pass


@pytest.fixture(params=CLASSES)
def serializer(request: pytest.FixtureRequest) -> Serializer:
    rules = ClassRules()
    rules.register_class_to_dict(Item, lambda item: {"__class__": "Item", "deep": {"__class__": "x"}})
    made: Serializer = request.param(rules.for_version(502))
    return made


@pytest.mark.parametrize("value", LOOKALIKES, ids=str)
def test_it_is_refused_in_values_and_arguments(serializer: Serializer, value: Any) -> None:
    for encode in (
        lambda: serializer.encode_value(value),
        lambda: serializer.encode_call("thing", "f", (1, value), {}),
        lambda: serializer.encode_call("thing", "f", (), {"name": value}),
    ):
        with pytest.raises(SerializeError, match=r"'__class__' stands for an object.*rename the key"):
            encode()


@pytest.mark.parametrize("value", LOOKALIKES, ids=str)
def test_it_travels_between_our_own(serializer: Serializer, value: Any) -> None:
    twin = serializer.faithful()
    assert twin.decode_value(twin.encode_value(value)) == value


def test_objects_and_texts_with_that_word_travel(serializer: Serializer) -> None:
    assert serializer.encode_value([Item(), "__class__", {"a": "__class__"}])
    assert serializer.encode_call("thing", "f", (Item(), "__class__"), {"__class__x": 1})


def test_descriptions_of_exceptions_travel_unless_they_hold_a_lookalike(serializer: Serializer) -> None:
    described: dict[str, Any] = {"__class__": "builtins.ValueError", "__exception__": True, "args": ("x",)}
    back = serializer.decode_value(serializer.encode_value(described))
    assert (type(back), back.args) == (ValueError, ("x",))
    with pytest.raises(SerializeError, match="stands for an object"):
        serializer.encode_value({**described, "attributes": {"data": {"__class__": "Item"}}})
