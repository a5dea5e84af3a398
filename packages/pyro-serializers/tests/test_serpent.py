from typing import Any

import pytest

from pyro_core.calls import Call, ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.errors import SerializeError
from pyro_core.metadata import Metadata
from pyro_core.uri import URI
from pyro_serializers.serpent import SerpentSerializer


class Item:
    def __init__(self, name: str) -> None:
        self.name = name


def serializer(rules: ClassRules | None = None, version: int = 502) -> SerpentSerializer:
    return SerpentSerializer((rules or ClassRules()).for_version(version))


def test_calls_have_the_recorded_form() -> None:
    data = serializer().encode_call("thing", "add", (3, 4), {})
    assert data == b"# serpent utf-8 python3.2\n('thing','add',(3,4),{})"
    assert serializer().decode_call(data) == Call("thing", "add", (3, 4), {})


def test_the_rules_of_the_program_win_over_forms_of_the_format() -> None:
    class Basket(list[Any]):
        pass

    rules = ClassRules()
    rules.register_class_to_dict(Basket, lambda basket: {"__class__": "shop.Basket", "size": len(basket)})
    assert b"{'__class__':'shop.Basket','size':2}" in serializer(rules).encode_value([Basket("ab")])


def test_a_rule_of_one_instance_is_unknown_to_another() -> None:
    rules = ClassRules()
    rules.register_dict_to_class("shop.Item", lambda _, wire: Item(wire["name"]))
    data = b"# serpent utf-8 python3.2\n[{'__class__':'shop.Item','name':'x'}]"
    assert serializer(rules).decode_value(data)[0].name == "x"
    with pytest.raises(SerializeError, match=r"shop\.Item"):
        serializer().decode_value(data)


def test_an_instance_without_a_rule_keeps_its_class_name() -> None:
    assert b"'__class__':" in serializer().encode_value(Item("x"))
    assert b"Item'" in serializer().encode_value(Item("x"))


def test_objects_travel_by_reference_where_the_rules_say_so() -> None:
    item, reference = Item("x"), ObjectRef(URI("PYRO:item@localhost:1"), Metadata(frozenset({"buy"})))
    rules = ClassRules()
    rules.reference_of = lambda value: reference if value is item else None
    assert serializer().decode_value(serializer(rules).encode_value({"it": item})) == {"it": reference}
    rules.revive = lambda received: ("proxy", str(received.uri))
    assert serializer(rules).decode_value(serializer(rules).encode_value([item])) == [
        ("proxy", "PYRO:item@localhost:1")
    ]


def test_lone_surrogates_and_control_characters_travel() -> None:
    for text in ("\ud800", "\0", "\x85\u2028", "'\"\\\r\n"):
        for value in (text, [text, (text,)], {text: {text}}):
            assert serializer().decode_value(serializer().encode_value(value)) == value


@pytest.mark.parametrize("method", ["encode_value", "encode_call"])
def test_an_error_of_an_object_is_told_as_ours(method: str) -> None:
    class Broken:
        def __getstate__(self) -> dict[str, Any]:
            raise LookupError("lost it")

    with pytest.raises(SerializeError, match="LookupError: lost it") as caught:
        if method == "encode_value":
            serializer().encode_value(Broken())
        else:
            serializer().encode_call("obj", "m", (Broken(),), {})
    assert isinstance(caught.value.__cause__, LookupError)
    assert caught.value.serializer == "serpent"


def test_huge_integers_are_refused_both_ways() -> None:
    with pytest.raises(SerializeError):
        serializer().encode_value(10**5000)
    with pytest.raises(SerializeError):
        serializer().decode_value(b"# serpent utf-8 python3.2\n" + b"9" * 5000)
