from collections.abc import Iterator
from typing import Any

import pytest

from pyro_core.calls import Blob
from pyro_core.convert import BatchFailure
from pyro_core.errors import DaemonError, ProtocolError, SerializeError
from pyro_server import behavior, expose
from pyro_server.dispatch import Dispatcher
from pyro_server.instances import Sessions
from pyro_server.objects import ObjectTable
from pyro_server.results import is_iterator, stream_in_batch


@expose
class Thing:
    def __init__(self) -> None:
        self._value = 1
        self.log: list[str] = []

    def add(self, a: int, b: int = 10) -> int:
        return a + b

    def note(self, text: str) -> None:
        self.log.append(text)

    def fail(self) -> None:
        raise ZeroDivisionError("division by zero")

    def leave(self) -> None:
        raise SystemExit("bye")

    def items(self) -> Iterator[int]:
        try:
            yield 1
        finally:
            self.log.append("closed")

    def me(self) -> object:
        return self

    def taken(self, blob: Blob) -> Any:
        return blob.info

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value

    @property
    def fixed(self) -> int:
        return 5

    write_only = property(None, lambda self, value: self.note(value))


def touched(*_: object) -> None:
    raise AssertionError("user code ran")


class Secretive:
    """Has everything that must not be reachable."""

    exposed_class = Thing
    exposed_method = Thing().add
    exposed_instance = Thing()
    unexposed = property(touched, touched)

    def __init__(self) -> None:
        self.held_class = Thing
        self.held_method = Thing().add

    def __getattr__(self, name: str) -> Any:
        touched()

    def unexposed_method(self) -> None:
        touched()

    def _private(self) -> None:
        touched()

    @expose
    def visible(self) -> str:
        return "visible"


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def dispatcher(thing: Thing) -> Dispatcher:
    objects = ObjectTable()
    objects.add(thing, "thing")
    objects.add(Secretive(), "secretive")
    objects.add(behavior("percall")(type("PerCall", (Thing,), {})), "percall")
    return Dispatcher(objects, max_batch_calls=3)


SESSIONS = Sessions()


def test_a_call_gives_the_methods_result(dispatcher: Dispatcher) -> None:
    assert dispatcher.call("thing", "add", [1], {"b": 2}, SESSIONS) == 3
    assert dispatcher.call("thing", "add", (1,), {}, SESSIONS) == 11
    assert dispatcher.call("thing", "add", (1,), None, SESSIONS) == 11


def test_an_unknown_object_is_an_error_that_stock_clients_know(dispatcher: Dispatcher) -> None:
    with pytest.raises(DaemonError, match=r"^unknown object$"):
        dispatcher.call("nope", "add", (), {}, SESSIONS)
    with pytest.raises(DaemonError, match=r"^unknown object$"):
        dispatcher.batch("nope", [], SESSIONS)


@pytest.mark.parametrize(
    "name",
    [
        "exposed_class",
        "exposed_method",
        "held_class",
        "held_method",
        "exposed_instance",
        "unexposed",
        "unexposed_method",
        "_private",
        "missing",
        "visible.__func__",
        "__class__",
        "__init__",
        "__getattribute__",
    ],
)
def test_names_that_were_never_exposed_cannot_be_used_and_run_nothing(
    dispatcher: Dispatcher, name: str
) -> None:
    """D12: neither as a method nor as an attribute nor in a batch, even if they hold something exposed."""
    for method, args in ((name, ()), ("__getattr__", (name,)), ("__setattr__", (name, 1))):
        with pytest.raises(AttributeError, match=r"attempt to access (private|unexposed or unknown)"):
            dispatcher.call("secretive", method, args, None, SESSIONS)
    with pytest.raises(AttributeError):
        dispatcher.batch("secretive", [(name, (), {})], SESSIONS)
    with pytest.raises(AttributeError):
        dispatcher.blob("secretive", name, Blob("info", b""), SESSIONS)
    assert dispatcher.call("secretive", "visible", (), {}, SESSIONS) == "visible"


def test_properties_are_read_and_written(dispatcher: Dispatcher, thing: Thing) -> None:
    assert dispatcher.call("thing", "__getattr__", ("value",), None, SESSIONS) == 1
    assert dispatcher.call("thing", "__setattr__", ("value", 7), None, SESSIONS) is None
    assert thing.value == 7


def test_what_a_property_cannot_do_is_an_error(dispatcher: Dispatcher) -> None:
    with pytest.raises(AttributeError, match="'fixed' cannot be changed"):
        dispatcher.call("thing", "__setattr__", ("fixed", 1), None, SESSIONS)


def test_methods_are_no_attributes_and_attributes_no_methods(dispatcher: Dispatcher) -> None:
    with pytest.raises(AttributeError, match="unexposed or unknown remote attribute 'add'"):
        dispatcher.call("thing", "__getattr__", ("add",), None, SESSIONS)
    with pytest.raises(AttributeError, match="unexposed or unknown remote attribute 'value'"):
        dispatcher.call("thing", "value", (), {}, SESSIONS)


@pytest.mark.parametrize("args", [(), ("value", 1, 2), (5, 1), ([], 1)])
def test_odd_attribute_accesses_are_refused(dispatcher: Dispatcher, args: tuple[Any, ...]) -> None:
    for method in ("__getattr__", "__setattr__"):
        with pytest.raises((ProtocolError, AttributeError)):
            dispatcher.call("thing", method, args, None, SESSIONS)


def test_a_batch_gives_all_results(dispatcher: Dispatcher) -> None:
    calls = [("add", (1, 2), {}), ["add", [1], {"b": 1}], ("note", ("x",), None)]
    assert dispatcher.batch("thing", calls, SESSIONS) == [3, 2, None]
    assert dispatcher.batch("thing", (), SESSIONS) == []


@pytest.mark.parametrize(("method", "kind"), [("fail", ZeroDivisionError), ("leave", SystemExit)])
def test_the_first_call_that_fails_ends_the_batch(
    dispatcher: Dispatcher, thing: Thing, method: str, kind: type[BaseException]
) -> None:
    calls = [("add", (1, 2), {}), (method, (), {}), ("note", ("never",), {})]
    three, failure = dispatcher.batch("thing", calls, SESSIONS)
    assert three == 3
    assert isinstance(failure, BatchFailure)
    assert isinstance(failure.error, kind)
    assert thing.log == []


def test_an_unknown_method_fails_the_batch_before_anything_is_called(
    dispatcher: Dispatcher, thing: Thing
) -> None:
    with pytest.raises(AttributeError, match="'nope'"):
        dispatcher.batch("thing", [("note", ("x",), {}), ("nope", (), {})], SESSIONS)
    assert thing.log == []


def test_what_finishes_the_results_of_a_batch_may_refuse_one(dispatcher: Dispatcher, thing: Thing) -> None:
    def finish(result: Any) -> Any:
        if is_iterator(result):
            raise stream_in_batch(result)
        return result

    calls = [("add", (0, 1), {}), ("items", (), {})]
    one, failure = dispatcher.batch("thing", calls, SESSIONS, finish)
    assert one == 1
    assert isinstance(failure.error, SerializeError)
    assert "generator" in str(failure.error)


def test_a_batch_of_a_percall_class_uses_one_instance(dispatcher: Dispatcher) -> None:
    one, other = dispatcher.batch("percall", [("me", (), {}), ("me", (), {})], SESSIONS)
    assert one is other
    assert dispatcher.batch("percall", [("me", (), {})], SESSIONS) != [one]


def test_a_batch_may_be_as_long_as_the_limit_and_no_longer(dispatcher: Dispatcher) -> None:
    """Limit ``max_batch_calls``."""
    call = ("add", (1, 1), {})
    assert dispatcher.batch("thing", [call] * 3, SESSIONS) == [2, 2, 2]
    with pytest.raises(ProtocolError, match="batch of 4 calls is longer than the limit of 3 calls"):
        dispatcher.batch("thing", [call] * 4, SESSIONS)


@pytest.mark.parametrize(
    "calls", [5, "abc", {"a": 1}, [5], [("add", ())], [("add", 5, {})], [(5, (), {})], [("add", (), [1])]]
)
def test_what_is_no_batch_is_refused(dispatcher: Dispatcher, calls: Any) -> None:
    with pytest.raises(ProtocolError, match="batch"):
        dispatcher.batch("thing", calls, SESSIONS)


def test_a_blob_reaches_the_method_as_it_is(dispatcher: Dispatcher) -> None:
    assert dispatcher.blob("thing", "taken", Blob("label", b"..."), SESSIONS) == "label"
