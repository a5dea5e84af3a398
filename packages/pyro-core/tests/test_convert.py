import threading
from dataclasses import dataclass
from typing import Any

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.convert import BatchFailure, ClassCodec, ClassRules
from pyro_core.errors import NamingError, PyroError, RemoteError, SecurityError, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.uri import URI

ADDRESS = URI("PYRO:cart@localhost:4444")
REFERENCE = ObjectRef(
    ADDRESS, Metadata(frozenset({"add", "tell"}), frozenset({"tell"}), frozenset({"size"})), "shake", "json"
)


class Plain:
    def __init__(self, x: Any = 1) -> None:
        self.x = x


class Heir(Plain):
    pass


class Slotted:
    __slots__ = ("__weakref__", "left", "unset")

    def __init__(self) -> None:
        self.left = 1


class SlottedHeir(Slotted):
    __slots__ = "right"  # noqa: PLC0205 - a form that Python allows

    def __init__(self) -> None:
        super().__init__()
        self.right = 2


@dataclass(slots=True)
class Record:
    name: str = "n"


class WithState(Plain):
    def __getstate__(self) -> dict[str, Any]:
        return {"state": "of its own"}


class WithOddState(Plain):
    def __getstate__(self) -> Any:
        return ("no", "dict")


class Referable:
    def __pyro_ref__(self) -> ObjectRef:
        return REFERENCE


def codec(rules: ClassRules | None = None, version: int = 502) -> ClassCodec:
    return (rules or ClassRules()).for_version(version)


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (Plain(), {"x": 1}),
        (Heir("y"), {"x": "y"}),
        (Slotted(), {"left": 1}),
        (SlottedHeir(), {"left": 1, "right": 2}),
        (Record(), {"name": "n"}),
        (WithState(), {"state": "of its own"}),
        (WithOddState(), {"x": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_instances_travel_with_their_attributes_and_class_name(value: object, fields: dict[str, Any]) -> None:
    assert codec().to_wire(value) == {"__class__": f"{__name__}.{type(value).__name__}", **fields}


def test_an_instance_without_attributes_keeps_its_class_name() -> None:
    class Empty:
        pass

    assert codec().to_wire(Empty()) == {"__class__": f"{__name__}.Empty"}


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), object(), Plain, Slotted.left, (n for n in ())],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_attributes_to_send_is_refused(value: object) -> None:
    with pytest.raises(SerializeError, match="register_class_to_dict"):
        codec().to_wire(value)


def test_a_rule_says_how_a_class_travels() -> None:
    rules = ClassRules()
    rules.register_class_to_dict(Plain, lambda plain: {"__class__": "shop.Plain", "value": plain.x})
    rules.register_dict_to_class("shop.Plain", lambda tag, wire: (tag, wire["value"]))
    wire = codec(rules).to_wire(Heir(5))
    assert wire == {"__class__": "shop.Plain", "value": 5}
    assert codec(rules).from_wire(wire) == ("shop.Plain", 5)


def test_a_rule_may_leave_the_name_to_us() -> None:
    rules = ClassRules()
    rules.register_class_to_dict(Plain, lambda plain: {"value": plain.x})
    assert codec(rules).to_wire(Heir(5)) == {"__class__": f"{__name__}.Heir", "value": 5}


def test_rules_are_forgotten_when_asked() -> None:
    rules = ClassRules()
    rules.register_class_to_dict(Plain, lambda _: {"by": "rule"})
    rules.register_dict_to_class("shop.Plain", lambda *_: 1)
    for _ in range(2):
        rules.unregister_class_to_dict(Plain)
        rules.unregister_dict_to_class("shop.Plain")
    assert codec(rules).to_wire(Plain())["x"] == 1
    with pytest.raises(SerializeError, match=r"unsupported serialized class: shop\.Plain"):
        codec(rules).from_wire({"__class__": "shop.Plain"})


def test_rules_of_one_owner_are_not_seen_by_another() -> None:
    ours, theirs = ClassRules(), ClassRules()
    before = ours.copy()
    ours.register_dict_to_class("shop.Plain", lambda *_: "ours")
    after = ours.copy()
    ours.unregister_dict_to_class("shop.Plain")
    assert codec(after).from_wire({"__class__": "shop.Plain"}) == "ours"
    for other in (theirs, before):
        with pytest.raises(SerializeError):
            codec(other).from_wire({"__class__": "shop.Plain"})


def test_rules_that_are_added_later_are_seen_by_a_codec() -> None:
    rules = ClassRules()
    earlier = codec(rules)
    rules.register_dict_to_class("shop.Plain", lambda *_: "later")
    assert earlier.from_wire({"__class__": "shop.Plain"}) == "later"


def test_a_rule_that_fails_is_a_serialize_error() -> None:
    rules = ClassRules()
    rules.register_dict_to_class("shop.Plain", lambda _, wire: wire["missing"])
    with pytest.raises(SerializeError, match=r"shop\.Plain.*KeyError: 'missing'") as caught:
        codec(rules).from_wire({"__class__": "shop.Plain"})
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_rule_may_refuse_for_security() -> None:
    def refuse(_tag: str, _wire: dict[str, Any]) -> Any:
        raise SecurityError("not from you")

    rules = ClassRules()
    rules.register_dict_to_class("shop.Plain", refuse)
    with pytest.raises(SecurityError, match="not from you"):
        codec(rules).from_wire({"__class__": "shop.Plain"})


def test_a_name_in_bytes_is_read() -> None:
    rules = ClassRules()
    rules.register_dict_to_class("shop.Plain", lambda tag, _: tag)
    assert codec(rules).from_wire({"__class__": b"shop.Plain"}) == "shop.Plain"


@pytest.mark.parametrize("tag", ["__main__.__dict__", "os.__builtins__.exec", 5, None, ["x"]])
def test_names_without_an_honest_use_are_refused(tag: object) -> None:
    with pytest.raises(SecurityError):
        codec().from_wire({"__class__": tag})


def test_a_class_of_a_script_needs_a_rule_like_any_other() -> None:
    with pytest.raises(SerializeError, match=r"register_dict_to_class\('__main__\.Plain'"):
        codec().from_wire({"__class__": "__main__.Plain"})


def test_an_exception_of_a_script_keeps_its_name_and_text() -> None:
    wire = {
        "__class__": "__main__.OutOfStock",
        "__exception__": True,
        "args": ("none left",),
        "attributes": {},
    }
    error = codec().from_wire(wire)
    assert isinstance(error, RemoteError)
    assert (error.type_name, error.message) == ("__main__.OutOfStock", "none left")


@pytest.mark.parametrize(("version", "tag"), [(502, "Pyro5.core.URI"), (48, "Pyro4.core.URI")])
@pytest.mark.parametrize("text", [str(ADDRESS), "PYRONAME:n", "PYROMETA:a,b@h:1", "PYRO:o@./u:/s"])
def test_addresses_travel_in_every_generation(version: int, tag: str, text: str) -> None:
    wire = codec(version=version).to_wire(URI(text))
    assert wire["__class__"] == tag
    for reader in (48, 502):
        assert codec(version=reader).from_wire(wire) == URI(text)


@pytest.mark.parametrize("version", [48, 502])
@pytest.mark.parametrize("reference", [REFERENCE, ObjectRef(ADDRESS)])
def test_references_travel_in_every_generation(version: int, reference: ObjectRef) -> None:
    wire = codec(version=version).to_wire(reference)
    assert len(wire["state"]) == {48: 9, 502: 6}[version]
    for reader in (48, 502):
        assert codec(version=reader).from_wire(wire) == reference


def test_a_proxy_state_of_eight_parts_is_read() -> None:
    state = ["PYRO:cart@localhost:4444", [], ["add"], [], 0.0, None, "hello", 0]
    assert codec().from_wire({"__class__": "Pyro4.core.Proxy", "state": state}) == ObjectRef(
        ADDRESS, Metadata(frozenset({"add"}))
    )


def test_received_references_become_what_the_owner_makes_of_them() -> None:
    rules = ClassRules()
    rules.revive = lambda reference: ("proxy", reference.uri)
    assert codec(rules).from_wire(codec().to_wire(REFERENCE)) == ("proxy", ADDRESS)


def test_an_object_with_a_reference_of_its_own_travels_by_it() -> None:
    assert codec().to_wire(Referable()) == codec().to_wire(REFERENCE)


def test_registered_objects_travel_by_reference_before_any_rule() -> None:
    registered = Plain()
    rules = ClassRules()
    rules.register_class_to_dict(Plain, lambda _: {"by": "rule"})
    rules.reference_of = lambda value: REFERENCE if value is registered else None
    assert codec(rules).to_wire(registered) == codec().to_wire(REFERENCE)
    assert codec(rules).to_wire(Plain())["by"] == "rule"


@pytest.mark.parametrize("tag", ["Pyro5.client.Proxy", "Pyro5.core.URI"])
@pytest.mark.parametrize(
    "state",
    [
        None,
        5,
        "sixsix",
        [],
        ["PYRO:o@h:1"] * 6,
        ["no uri", [], [], [], "hello", None],
        ["PYRO:o@h:1", [[]], [], [], "hello", None],
        ["PYRO:o@h:1", [], [], [], "hello", ["serializer"]],
        ["PYRO", [], None, "h", 1],
        ["PYRO", "o", None, "h", 99999],
    ],
)
def test_states_that_make_no_sense_are_serialize_errors(tag: str, state: object) -> None:
    with pytest.raises(SerializeError, match="cannot read a received"):
        codec().from_wire({"__class__": tag, "state": state})


@pytest.mark.parametrize(
    ("version", "tag"), [(502, "Pyro5.core._ExceptionWrapper"), (48, "Pyro4.futures._ExceptionWrapper")]
)
def test_failures_in_a_batch_travel_in_every_generation(version: int, tag: str) -> None:
    wire = codec(version=version).to_wire(BatchFailure(ValueError("no")))
    assert wire["__class__"] == tag
    outside_in = codec().from_wire(wire)
    inside_out = codec().from_wire({**wire, "exception": codec().from_wire(wire["exception"])})
    for failure in (outside_in, inside_out):
        assert isinstance(failure, BatchFailure)
        assert repr(failure) == "BatchFailure(ValueError('no'))"


def test_a_failure_without_an_exception_is_refused() -> None:
    with pytest.raises(SerializeError, match="_ExceptionWrapper"):
        codec().from_wire({"__class__": "Pyro5.core._ExceptionWrapper", "exception": 5})


def test_exceptions_travel() -> None:
    for version in (48, 502):
        back = codec().from_wire(codec(version=version).to_wire(NamingError("no")))
        assert type(back) is NamingError
        assert back.args == ("no",)
    unknown = codec().from_wire({"__class__": "shop.Gone", "__exception__": True, "args": ["tea"]})
    assert isinstance(unknown, RemoteError)


def test_a_rule_for_an_exception_comes_before_ours() -> None:
    class OutOfStock(Exception):
        pass

    rules = ClassRules()
    rules.register_class_to_dict(OutOfStock, lambda e: {"__class__": "shop.OutOfStock", "args": e.args})
    rules.register_dict_to_class("shop.OutOfStock", lambda _, wire: OutOfStock(*wire["args"]))
    back = codec(rules).from_wire(codec(rules).to_wire(OutOfStock("tea")))
    assert type(back) is OutOfStock


def test_objects_are_revived_at_any_depth() -> None:
    wire = codec().to_wire(ADDRESS)
    value = {"a": [wire, (wire, 1)], "b": {"c": wire}, "d": {1, 2}, "e": "text"}
    assert codec().revive(value) == {
        "a": [ADDRESS, (ADDRESS, 1)],
        "b": {"c": ADDRESS},
        "d": {1, 2},
        "e": "text",
    }


def test_every_refusal_is_one_of_the_systems_errors() -> None:
    for wire in ({"__class__": "shop.Plain"}, {"__class__": "Pyro5.core.Daemon"}):
        with pytest.raises(PyroError):
            codec().from_wire(wire)


class Mixed(Slotted):
    """Has a ``__dict__`` beside the slots that it inherits."""

    def __init__(self) -> None:
        super().__init__()
        self.beside = 3


class Private:
    __slots__ = ("__secret", "_hidden")

    def __init__(self) -> None:
        self.__secret = 1
        self._hidden = 2


@pytest.mark.parametrize(
    ("value", "fields"),
    [(Mixed(), {"left": 1, "beside": 3}), (Private(), {"_Private__secret": 1, "_hidden": 2})],
    ids=["slots and a dict", "private slots"],
)
def test_no_attribute_is_lost(value: object, fields: dict[str, Any]) -> None:
    assert codec().to_wire(value) == {"__class__": f"{__name__}.{type(value).__name__}", **fields}


@pytest.mark.parametrize("value", [threading, codec, lambda: None], ids=["module", "function", "lambda"])
def test_code_does_not_travel(value: object) -> None:
    with pytest.raises(SerializeError, match="don't know how to serialize"):
        codec().to_wire(value)


@pytest.mark.parametrize("result", [None, 3, ["x"], ZeroDivisionError("inside")])
def test_a_rule_that_gives_no_dict_is_a_serialize_error(result: object) -> None:
    def to_dict(value: object) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    rules = ClassRules()
    rules.register_class_to_dict(Plain, to_dict)
    with pytest.raises(SerializeError, match=r"register_class_to_dict for .*Plain.* failed"):
        codec(rules).to_wire(Plain())


def test_rules_may_change_while_objects_are_sent() -> None:
    rules = ClassRules()

    def to_dict(value: object) -> dict[str, Any]:
        rules.register_class_to_dict(Heir, to_dict)
        rules.unregister_class_to_dict(Slotted)
        return {}

    class Never(type):
        def __instancecheck__(cls, value: object) -> bool:
            rules.register_class_to_dict(Record, to_dict)  # as another thread might, at the worst moment
            return False

    class Trap(metaclass=Never):
        pass

    rules.register_class_to_dict(Trap, to_dict)
    rules.register_class_to_dict(Plain, to_dict)
    assert codec(rules).to_wire(Plain()) == {"__class__": f"{__name__}.Plain"}


def test_rules_can_replace_values_and_rebuild_exceptions_in_their_own_way() -> None:
    rules = ClassRules()
    rules.replace = lambda value: ["instead"] if isinstance(value, set) else value
    rules.rebuild = lambda wire: LookupError(wire["__class__"])
    codec = rules.copy().for_version(502)
    assert codec.by_rule({1}) == ["instead"]
    assert codec.by_rule(frozenset()) is None
    rebuilt = codec.from_wire({"__class__": "builtins.ValueError", "__exception__": True, "args": ()})
    assert (type(rebuilt), rebuilt.args) == (LookupError, ("builtins.ValueError",))
