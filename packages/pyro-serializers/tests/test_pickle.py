import builtins
import pickle
import sys
from types import ModuleType
from typing import Any

import pytest

from pyro_core.calls import Call, ObjectRef
from pyro_core.convert import BatchFailure, ClassRules
from pyro_core.errors import ConnectionRejected, NameNotFound, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_serializers.pickle import CloudpickleSerializer, DillSerializer, PickleSerializer, from_wire

FAMILY = [PickleSerializer, CloudpickleSerializer, DillSerializer]
REFERENCE = ObjectRef(URI("PYRO:thing@localhost:1"), Metadata(frozenset({"call"})), "hi", "pickle")
every_class = pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.name)
every_version = pytest.mark.parametrize("version", [502, 48])


class Shop:
    def __init__(self, stock: Any) -> None:
        self.stock = stock

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shop) and self.stock == other.stock

    __hash__ = None  # type: ignore[assignment]


class OutOfStock(Exception):
    pass


def make(cls: type[Serializer], version: int, rules: ClassRules | None = None) -> Serializer:
    return cls((rules or ClassRules()).for_version(version))


@every_class
def test_the_family_is_marked_as_unsafe(cls: type[Serializer]) -> None:
    assert cls.safe is False


@every_class
@every_version
def test_instances_travel_whole(cls: type[Serializer], version: int) -> None:
    serializer = make(cls, version)
    value = [Shop({"a": (1, {2}, frozenset({3}), None)}), Shop, 2**70, 1j, b"x", bytearray(b"y")]
    assert serializer.decode_value(serializer.encode_value(value)) == value
    call = ("thing", "sell", (Shop(1),), {"to": Shop(2)})
    assert serializer.decode_call(serializer.encode_call(*call)) == Call(*call)
    error = serializer.decode_value(serializer.encode_value(OutOfStock("x", 1)))
    assert type(error) is OutOfStock
    assert error.args == ("x", 1)


@every_class
@every_version
def test_objects_travel_by_reference_at_any_depth(cls: type[Serializer], version: int) -> None:
    shop = Shop(1)
    sender, receiver = ClassRules(), ClassRules()
    sender.reference_of = lambda value: REFERENCE if value is shop else None
    receiver.revive = Shop
    data = make(cls, version, sender).encode_value([shop, {"k": (shop,)}, Shop(shop)])
    alive = Shop(REFERENCE)
    assert make(cls, version, receiver).decode_value(data) == [alive, {"k": (alive,)}, Shop(alive)]
    assert make(cls, version).decode_value(data)[0] == REFERENCE


@every_class
@every_version
def test_a_proxy_names_its_own_reference(cls: type[Serializer], version: int) -> None:
    class Proxy:
        def __pyro_ref__(self) -> ObjectRef:
            return REFERENCE

        def __reduce__(self) -> tuple[Any, ...]:
            raise AssertionError("pickled by value")

    serializer = make(cls, version)
    assert serializer.decode_value(serializer.encode_value({"p": Proxy()})) == {"p": REFERENCE}


@every_class
@every_version
def test_errors_of_the_system_keep_type_text_and_fields(cls: type[Serializer], version: int) -> None:
    serializer = make(cls, version)
    rejected, missing = serializer.decode_value(
        serializer.encode_value([ConnectionRejected("no", peer="h:1"), NameNotFound("x", ["y"])])
    )
    assert type(rejected) is ConnectionRejected
    assert str(rejected) == "connection to h:1 rejected: no"
    assert rejected.reason == "no"
    assert (missing.name, list(missing.near)) == ("x", ["y"])


@every_class
def test_failures_in_a_batch_keep_exceptions_that_only_pickle_can_carry(cls: type[Serializer]) -> None:
    for version in (502, 48):
        serializer = make(cls, version)
        back = serializer.decode_value(serializer.encode_value([1, BatchFailure(OutOfStock("x"))]))
        assert isinstance(back[1], BatchFailure)
        assert type(back[1].error) is OutOfStock


class StockURI:
    def __init__(self, state: Any = None) -> None:
        self.state = state


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Modules of the shape that a stock peer of protocol 48 has."""

    class SerializerBase:
        @classmethod
        def dict_to_class(cls, wire: dict[str, Any]) -> Any:
            return ("made by the stock peer", wire["__class__"])

    class _ExceptionWrapper:
        def __init__(self, exception: BaseException) -> None:
            self.exception = exception

    modules = {"Pyro4": {}, "Pyro4.util": {"SerializerBase": SerializerBase}}
    modules["Pyro4.futures"] = {"_ExceptionWrapper": _ExceptionWrapper}
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return modules


@every_class
@pytest.mark.usefixtures("stock")
def test_a_stock_peer_needs_none_of_our_modules(
    cls: type[Serializer], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = URI("PYRO:thing@localhost:1")
    data = make(cls, 48).encode_value([uri, REFERENCE, NameNotFound("x"), BatchFailure(KeyError("k"))])
    assert b"pyro_" not in data.replace(b"pyro_type", b"")
    real_import = builtins.__import__

    def without_ours(name: str, *args: Any, **kwargs: Any) -> Any:
        assert not name.startswith("pyro_"), name
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_ours)
    made = pickle.loads(data)
    monkeypatch.undo()
    assert made[:3] == [
        ("made by the stock peer", "Pyro4.core.URI"),
        ("made by the stock peer", "Pyro4.core.Proxy"),
        ("made by the stock peer", "Pyro4.errors.NamingError"),
    ]
    assert isinstance(made[3].exception, KeyError)


@every_version
def test_older_pythons_can_read_what_stock_peers_get(version: int) -> None:
    data = make(PickleSerializer, version).encode_value([1])
    assert data[1] == (4 if version == 48 else 5)


def test_unknown_classes_of_stock_peers_are_refused_by_name() -> None:
    data = b"\x80\x04cPyro4.core\nDaemon\n)\x81."
    with pytest.raises(SerializeError, match=r"Pyro4\.core\.Daemon has no counterpart"):
        make(PickleSerializer, 48).decode_value(data)


def test_plain_pickle_cannot_read_what_needs_rules() -> None:
    data = make(PickleSerializer, 502).encode_value(REFERENCE)
    with pytest.raises(SerializeError, match="read by the serializer"):
        pickle.loads(data)
    with pytest.raises(SerializeError):
        from_wire({})


@every_class
@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"garbage", b"\x80\x04.", b"\x80\x04cno_such_module\nX\n.", b"(" * 99]
)
def test_broken_data_is_refused(cls: type[Serializer], data: bytes) -> None:
    with pytest.raises(SerializeError):
        make(cls, 502).decode_value(data)


def test_what_pickle_refuses_is_refused() -> None:
    class Stubborn:
        def __reduce__(self) -> tuple[Any, ...]:
            raise LookupError("not me")

    for value in (lambda: 1, (item for item in ()), {}.keys(), Stubborn()):
        with pytest.raises(SerializeError):
            make(PickleSerializer, 502).encode_value([value])


def test_functions_travel_with_cloudpickle_and_dill() -> None:
    for cls in (CloudpickleSerializer, DillSerializer):
        serializer = make(cls, 502)
        assert serializer.decode_value(serializer.encode_value(lambda x: x + 1))(1) == 2


@pytest.mark.parametrize(
    ("cls", "module"), [(CloudpickleSerializer, "cloudpickle"), (DillSerializer, "dill")]
)
def test_a_missing_library_is_missed_only_when_it_is_needed(
    cls: type[Serializer], module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=module):
        make(cls, 502)
