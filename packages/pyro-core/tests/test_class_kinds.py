"""One registration lets a class travel both ways."""

import enum
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from pyro_core.convert import DEFAULTS, ClassRules
from pyro_core.errors import RemoteError, SerializeError


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: tuple[int, ...]
    total: int = field(init=False, default=0)


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(NamedTuple):
    first: int
    second: str


class Trouble(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Plain:
    def __init__(self) -> None:
        self.value = 1

    def method(self) -> None: ...


class Slotted:
    __slots__ = ("value",)


def round_trip(cls: type, value: Any, name: str | None = None) -> Any:
    rules = ClassRules()
    assert rules.register(cls, name) is cls
    codec = rules.for_version(502)
    return codec.from_wire(dict(codec.to_wire(value)))


@pytest.mark.parametrize(
    "value",
    [Point(1, (2, 3)), Colour.RED, Colour.GREEN, Rights.READ | Rights.WRITE, Pair(1, "b")],
    ids=repr,
)
def test_values_come_back_equal(value: Any) -> None:
    back = round_trip(type(value), value)
    assert back == value
    assert type(back) is type(value)


def test_plain_classes_keep_their_attributes() -> None:
    assert round_trip(Plain, Plain()).value == 1
    slotted = Slotted()
    slotted.value = 5
    assert round_trip(Slotted, slotted).value == 5


def test_exceptions_are_rebuilt_as_their_own_type() -> None:
    back = round_trip(Trouble, Trouble(5, "bad"))
    assert type(back) is Trouble
    assert back.code == 5
    assert str(back) == "5: bad"


def test_a_class_may_travel_under_another_name() -> None:
    rules = ClassRules()
    rules.register(name="shapes.Point")(Point)
    wire = rules.for_version(502).to_wire(Point(1, ()))
    assert wire["__class__"] == "shapes.Point"


def test_defaults_hold_for_all_rules_and_own_rules_come_first() -> None:
    DEFAULTS.register(Pair, "test.Pair")
    try:
        codec = ClassRules().for_version(502)
        assert codec.from_wire(codec.to_wire(Pair(1, "x"))) == Pair(1, "x")
        own = ClassRules()
        own.register(Pair, "own.Pair")
        assert own.for_version(502).to_wire(Pair(1, "x"))["__class__"] == "own.Pair"
    finally:
        DEFAULTS.unregister_class_to_dict(Pair)
        DEFAULTS.unregister_dict_to_class("test.Pair")


@pytest.mark.parametrize(
    ("cls", "fields"),
    [
        (Point, {"x": 1, "y": (), "evil": 2}),
        (Point, {"x": 1}),
        (Point, [1, 2]),
        (Colour, "BLUE"),
        (Colour, "__class__"),
        (Pair, [1]),
        (Plain, {"method": 5}),
        (Plain, {"__class__": 5}),
        (Slotted, {"other": 5}),
    ],
    ids=str,
)
def test_what_the_class_does_not_declare_is_refused(cls: type, fields: Any) -> None:
    rules = ClassRules()
    rules.register(cls, "test.Class")
    with pytest.raises(SerializeError):
        rules.for_version(502).from_wire({"__class__": "test.Class", "fields": fields})


def test_what_an_exception_does_not_have_is_refused() -> None:
    rules = ClassRules()
    rules.register(Trouble, "test.Trouble")
    with pytest.raises(SerializeError, match="no field 'code'"):
        rules.for_version(502).from_wire({"__class__": "test.Trouble", "__exception__": True, "code": 5})


@pytest.mark.parametrize("version", [48, 502])
def test_who_does_not_know_a_registered_exception_gets_all_there_is_to_tell(version: int) -> None:
    rules = ClassRules()
    rules.register(Trouble, "test.Trouble")
    error = Trouble(3, "a")
    error._pyroTraceback = ["line"]  # type: ignore[attr-defined]
    back = ClassRules().for_version(version).from_wire(rules.for_version(version).to_wire(error))
    assert isinstance(back, RemoteError)
    assert (back.type_name, back.remote_traceback) == ("test.Trouble", "line")
    assert back.code == 3  # type: ignore[attr-defined]


def test_received_attributes_of_an_exception_replace_no_code() -> None:
    rules = ClassRules()
    rules.register(Trouble, "test.Trouble")
    wire = {
        "__class__": "test.Trouble",
        "__exception__": True,
        "args": ("a",),
        "attributes": {"with_traceback": 1, "code": 3},
    }
    back = rules.for_version(502).from_wire(wire)
    assert callable(back.with_traceback)
    assert back.code == 3


@pytest.mark.parametrize("target", [int, dict, 5, len], ids=repr)
def test_what_cannot_be_registered_is_said_at_once(target: Any) -> None:
    with pytest.raises(TypeError, match="register"):
        ClassRules().register(target)


def test_attrs_and_pydantic_classes_travel() -> None:
    attrs = pytest.importorskip("attrs")
    pydantic = pytest.importorskip("pydantic")

    @attrs.define
    class Box:
        size: int
        _secret: int = 3

    assert round_trip(Box, Box(1, 2), "test.Box") == Box(1, 2)

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        number: int

    assert round_trip(Model, Model(number=3), "test.Model") == Model(number=3)
    rules = ClassRules()
    rules.register(Model, "test.Model")
    with pytest.raises(SerializeError, match="Model"):
        rules.for_version(502).from_wire({"__class__": "test.Model", "fields": {"number": "no"}})
