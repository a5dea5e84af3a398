"""The serializers of Pyro4, and what classes, exceptions and types become with them."""

import array
import decimal
import pickle
import uuid
from datetime import date, datetime
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors, util
from Pyro4.facade.rules import replacements
from Pyro4.futures import _ExceptionWrapper

NAMES = ("serpent", "json", "marshal", "msgpack", "pickle", "cloudpickle", "dill")
TEXT = NAMES[:4]
"""Those in which objects travel as dicts."""


class Thing:
    def __init__(self, name: str = "") -> None:
        self.name = name


class OwnError(Exception):
    pass


def the(name: str) -> Any:
    if name in ("msgpack", "cloudpickle", "dill"):
        pytest.importorskip(name)
    return util.get_serializer(name)


@pytest.fixture(params=NAMES)
def serializer(request: pytest.FixtureRequest) -> Any:
    return the(request.param)


def there_and_back(serializer: Any, value: Any) -> Any:
    return serializer.loads(serializer.dumps(value))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("compress", [False, True])
def test_values_and_calls(serializer: Any, kind: Any, compress: bool) -> None:
    value = ["x" * 500, 1, None]
    data, compressed = serializer.serializeData(value, compress=compress)
    assert compressed == compress
    assert serializer.deserializeData(kind(data), compressed) == value
    data, compressed = serializer.serializeCall("thing", "f", value, {"a": 1}, compress)
    object_id, method, args, kwargs = serializer.deserializeCall(kind(data), compressed)
    assert (object_id, method, list(args), kwargs) == ("thing", "f", value, {"a": 1})


def test_numbers_and_names() -> None:
    numbers = {name: the(name).serializer_id for name in ("serpent", "json", "marshal", "pickle")}
    assert numbers == {"serpent": 1, "json": 2, "marshal": 3, "pickle": 4}
    assert util.get_serializer_by_id(1) is util.get_serializer("serpent")
    assert (util.DillSerializer.serializer_id, util.MsgpackSerializer.serializer_id) == (5, 6)
    assert util.CloudpickleSerializer.serializer_id == 7
    with pytest.raises(errors.SerializeError, match="serializer 'nope' is unknown or not available"):
        util.get_serializer("nope")
    with pytest.raises(errors.SerializeError, match="no serializer available for id 99"):
        util.get_serializer_by_id(99)


TABLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "bytes": (b"ab", {"serpent": {"data": "YWI=", "encoding": "base64"}, "marshal": b"ab", "msgpack": b"ab"}),
    "tuple": ((1, 2), {"serpent": (1, 2), "json": [1, 2], "marshal": (1, 2), "msgpack": [1, 2]}),
    "set": ({1}, {"serpent": {1}, "json": [1], "marshal": {1}, "msgpack": [1]}),
    "integer keys": ({1: "a"}, {"serpent": {1: "a"}, "json": {"1": "a"}, "marshal": {1: "a"}}),
    "big integer": (2**70, dict.fromkeys(TEXT, 2**70)),
    "decimal": (decimal.Decimal("1.50"), dict.fromkeys(TEXT, "1.50")),
    "uuid": (uuid.UUID(int=5), dict.fromkeys(TEXT, str(uuid.UUID(int=5)))),
    "array": (array.array("i", [1, 2]), {name: [1, 2] for name in TEXT}),
    "date": (date(2020, 1, 2), {"serpent": "2020-01-02", "json": "2020-01-02", "msgpack": date(2020, 1, 2)}),
    "datetime": (
        datetime(2020, 1, 2, 3, 4, 5),
        {"serpent": "2020-01-02T03:04:05", "msgpack": datetime(2020, 1, 2, 3, 4, 5)},
    ),
}


@pytest.mark.parametrize(
    ("row", "name"), [(row, name) for row, (_, expected) in TABLE.items() for name in expected]
)
def test_types_arrive_as_they_do_with_pyro4(row: str, name: str) -> None:
    value, expected = TABLE[row]
    made = there_and_back(the(name), value)
    assert (type(made), made) == (type(expected[name]), expected[name])


def test_bytes_stay_bytes_if_types_are_to_be_kept() -> None:
    Pyro4.config.FAITHFUL_TYPES = True
    assert there_and_back(the("serpent"), b"ab") == b"ab"
    Pyro4.config.FAITHFUL_TYPES = False
    assert there_and_back(the("serpent"), b"ab") == {"data": "YWI=", "encoding": "base64"}


def test_the_configured_version_of_pickle_is_written() -> None:
    Pyro4.config.PICKLE_PROTOCOL_VERSION = 2
    assert the("pickle").dumps([1])[:2] == b"\x80\x02"
    Pyro4.config.PICKLE_PROTOCOL_VERSION = pickle.HIGHEST_PROTOCOL
    assert the("pickle").dumps([1])[1] == pickle.HIGHEST_PROTOCOL


def test_own_classes_travel_both_ways(serializer: Any) -> None:
    for value in (Pyro4.URI("PYRO:a@b:3"), Pyro4.Proxy("PYRO:a@b:3"), serializer):
        made = there_and_back(serializer, [value])[0]
        assert (type(made), made) == (type(value), value)
    wrapped = there_and_back(serializer, _ExceptionWrapper(KeyError("k")))
    assert (type(wrapped), wrapped.exception.args) == (_ExceptionWrapper, ("k",))


@pytest.mark.parametrize("name", TEXT)
def test_classes_of_the_program(name: str) -> None:
    serializer, base = the(name), util.SerializerBase
    base.register_class_to_dict(Thing, lambda thing: {"__class__": "a-thing", "name": thing.name})
    base.register_dict_to_class("a-thing", lambda tag, wire: Thing(wire["name"]))
    try:
        assert there_and_back(serializer, [Thing("x")])[0].name == "x"
        # A program may write the dict by hand.
        assert there_and_back(serializer, {"__class__": "a-thing", "name": "y"}).name == "y"
    finally:
        base.unregister_class_to_dict(Thing)
        base.unregister_dict_to_class("a-thing")
    with pytest.raises(errors.SerializeError, match=r"^unsupported serialized class: .*Thing$"):
        there_and_back(serializer, Thing("x"))


def test_a_type_can_be_replaced(serializer: Any) -> None:
    serializer.register_type_replacement(Thing, lambda thing: ["replaced", thing.name])
    try:
        assert there_and_back(serializer, [Thing("x")]) == [["replaced", "x"]]
    finally:
        del replacements[Thing]
    serializer.register_type_replacement(int, lambda: None)  # a builtin type stays what it is
    assert there_and_back(serializer, [5]) == [5]
    for wrong in (type, 42):
        with pytest.raises(ValueError, match="only a type"):
            serializer.register_type_replacement(wrong, lambda thing: thing)


def described(tag: str, *args: Any, **attributes: Any) -> dict[str, Any]:
    return {"__class__": tag, "__exception__": True, "args": args, "attributes": attributes}


def test_exceptions_arrive_as_pyro4_has_them() -> None:
    make = util.SerializerBase.dict_to_class
    naming = make(described("Pyro4.errors.NamingError", "n", extra=1))
    assert (type(naming), naming.args, naming.extra) == (errors.NamingError, ("n",), 1)
    assert type(make(described("Pyro4.errors.TimeoutError", "t"))) is errors.TimeoutError
    assert type(make(described("builtins.TimeoutError", "t"))) is TimeoutError
    assert type(make(described("Pyro5.errors.NamingError", "n"))) is errors.NamingError
    assert type(make(described("exceptions.ValueError", "v"))) is ValueError
    assert type(make(described("builtins.KeyboardInterrupt"))) is KeyboardInterrupt
    data = {"data": "/w==", "encoding": "base64"}
    assert make(described("builtins.UnicodeDecodeError", "utf-8", data, 0, 1, "bad")).object == b"\xff"


def test_exceptions_that_the_program_makes_known(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = described("shop.OwnError", "sold out", _pyroTraceback=["line"])
    unknown = util.SerializerBase.dict_to_class(wire)
    assert type(unknown) is errors.SerializeError
    assert str(unknown) == "unsupported serialized class: shop.OwnError (sold out)"
    assert unknown._pyroTraceback == ["line"]
    monkeypatch.setitem(util.all_exceptions, "shop.OwnError", OwnError)
    known = util.SerializerBase.dict_to_class(wire)
    assert (type(known), known.args) == (OwnError, ("sold out",))


def test_no_attribute_of_an_exception_replaces_code() -> None:
    made = util.SerializerBase.dict_to_class(described("builtins.ValueError", "v", with_traceback=1, note=2))
    assert callable(made.with_traceback)
    assert made.note == 2


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        ({"__class__": "a__b"}, errors.SecurityError),
        ({"__class__": "Pyro4.util.Nothing"}, errors.SerializeError),
        ({}, errors.SerializeError),
    ],
)
def test_dicts_that_stand_for_nothing(wire: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        util.SerializerBase.dict_to_class(wire)


@pytest.mark.parametrize("name", ["serpent", "json", "marshal"])
def test_a_value_that_contains_itself(name: str) -> None:
    value: list[Any] = [Pyro4.Proxy("PYRO:a@b:3")]
    value.append(value)
    with pytest.raises(ValueError, match="itself"):
        the(name).dumps(value)


def test_data_that_cannot_be_read() -> None:
    with pytest.raises(errors.ProtocolError):
        the("json").deserializeData(b"no zlib", True)
    with pytest.raises(errors.SerializeError):
        the("json").loads(b"{")
    with pytest.raises(errors.SerializeError):
        the("json").loadsCall(b'{"a": 1}')
