"""What can be learned from ``proxy.method`` without calling it."""

import copy
import inspect
import pydoc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from pyro_client.proxy import Proxy
from pyro_client.remote_method import RemoteMethod
from pyro_core.descriptions import (
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)
from pyro_core.errors import DaemonError
from pyro_core.settings import ClientSettings

DESCRIPTION = ClassDescription(
    "Thing",
    "A thing.",
    {
        "add": MethodDescription(
            "add",
            "method",
            (
                ParameterDescription("a", "positional", "int"),
                ParameterDescription("b", "positional", "Number", "3"),
                ParameterDescription("c", "keyword-only", "list[str]", "Colour.RED"),
                ParameterDescription("d", "keyword-only", "", "..."),
            ),
            "None",
            "Add two numbers.",
        ),
        "echo": MethodDescription("echo"),
    },
    {"x": AttributeDescription("x", "int", True, "")},
)


@pytest.fixture
def described(server: Any) -> Any:
    server.scripts["describe_members"] = lambda peer, call: peer.reply(DESCRIPTION.to_wire())
    return server


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Any:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def asked(server: Any) -> list[tuple[str, Any]]:
    return [(call.object_id, call.args) for call in server.calls if call.method == "describe_members"]


def test_signature_and_docs_are_those_of_the_server(described: Any, proxy: Any) -> None:
    signature = inspect.signature(proxy.add)
    assert str(signature) == "(a: int, b: Number = 3, *, c: list[str] = Colour.RED, d=...) -> None"
    assert signature.parameters["a"].annotation is int
    assert signature.return_annotation is None
    assert inspect.getdoc(proxy.add) == proxy.add.__doc__ == "Add two numbers."
    assert str(signature) in pydoc.plain(pydoc.render_doc(proxy.add))
    assert "Add two numbers." in pydoc.plain(pydoc.render_doc(proxy.add))
    assert asked(described) == [("Pyro.Daemon", ("thing",))]


def test_nothing_is_asked_for_unless_somebody_looks(described: Any, proxy: Any) -> None:
    method = proxy.add
    assert method(1, 2) == 3
    assert (method.__name__, method.__qualname__) == ("add", "Proxy.add")
    assert repr(method) == f"<remote method add of {described.uri}>"
    assert callable(method)
    assert inspect.isroutine(method)
    assert not inspect.iscoroutinefunction(method)
    assert asked(described) == []


def test_members_without_a_description_take_anything(described: Any, proxy: Any) -> None:
    assert str(inspect.signature(proxy.echo)) == str(inspect.signature(proxy.note)) == "(*args, **kwargs)"
    assert inspect.getdoc(proxy.echo) == f"Call echo of {described.uri}."


def test_a_stock_server_is_asked_once(server: Any, proxy: Any) -> None:
    for name in ("add", "echo"):
        assert str(inspect.signature(getattr(proxy, name))) == "(*args, **kwargs)"
        assert inspect.getdoc(getattr(proxy, name)) == f"Call {name} of {server.uri}."
    assert proxy._pyro.describe() == ClassDescription()
    assert len(asked(server)) == 1


def test_the_whole_description_is_there_for_programs(described: Any, proxy: Any) -> None:
    assert proxy._pyro.describe() == DESCRIPTION


def test_a_failure_is_not_remembered(described: Any, proxy: Any) -> None:
    answer = described.scripts["describe_members"]
    described.scripts["describe_members"] = lambda peer, call: peer.fail(DaemonError("unknown object"))
    assert inspect.getdoc(proxy.add) == f"Call add of {described.uri}."
    assert str(inspect.signature(proxy.add)) == "(*args, **kwargs)"
    with pytest.raises(DaemonError, match="unknown object"):
        proxy._pyro.describe()
    described.scripts["describe_members"] = answer
    assert inspect.getdoc(proxy.add) == "Add two numbers."


def test_a_class_that_changed_is_described_anew(described: Any, proxy: Any) -> None:
    before = proxy._pyro.describe()
    proxy._pyro.release()
    proxy.add(1, 2)
    assert proxy._pyro.describe() is before
    described.metadata = {"methods": ["add"], "oneway": [], "attrs": []}
    proxy._pyro.release()
    proxy.add(1, 2)
    assert proxy._pyro.describe() is not before


def test_nonsense_is_no_signature(described: Any, proxy: Any) -> None:
    twice = [{"name": "a", "kind": "positional"}] * 2
    wire = {"methods": [{"name": "add", "parameters": twice}]}
    described.scripts["describe_members"] = lambda peer, call: peer.reply(wire)
    assert str(inspect.signature(proxy.add)) == "(*args, **kwargs)"


def test_the_class_has_docs_of_its_own() -> None:
    assert (RemoteMethod.__doc__ or "").startswith("Calls one remote method")
    assert "channel" in inspect.signature(RemoteMethod).parameters


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_method_is_the_method(proxy: Any, copied: Callable[[Any], Any]) -> None:
    assert copied(proxy.add) is proxy.add
    assert weakref.ref(proxy.add)() is proxy.add


def test_a_method_kept_in_a_class_is_not_bound_again(proxy: Any) -> None:
    class Holder:
        add = proxy.add

    assert Holder().add(1, 2) == 3
