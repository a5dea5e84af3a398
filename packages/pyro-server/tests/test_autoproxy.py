from typing import Any

import pytest

from pyro_core import plugins
from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.errors import PluginError
from pyro_core.uri import URI
from pyro_server import behavior, expose
from pyro_server.autoproxy import reviver


@expose
class Child:
    def __init__(self) -> None:
        self.data = 5

    def name(self) -> str:
        return "child"

    def me(self) -> "Child":
        return self


@expose
class Family:
    def __init__(self, child: Child) -> None:
        self._child = child

    def child(self) -> Child:
        return self._child

    def children(self) -> dict[str, list[Child]]:
        return {"all": [self._child]}

    def kind(self, value: Any) -> str:
        return type(value).__name__


def test_registered_objects_travel_as_references_wherever_they_are(connect: Any) -> None:
    child = Child()
    client = connect(Family(child))
    uri = client.daemon.register(child)
    reference = client.call("child")
    assert isinstance(reference, ObjectRef)
    assert reference.uri == uri
    assert reference.metadata.methods == {"name", "me"}
    assert client.call("children")["all"][0].uri == uri


def test_objects_that_are_not_registered_travel_as_copies(connect: Any) -> None:
    client = connect(Family(Child()))
    with pytest.raises(Exception, match="unsupported serialized class"):
        client.call("child")


def test_daemons_do_not_know_each_others_objects(connect: Any, make_daemon: Any) -> None:
    """D5: what one daemon registers changes nothing for another."""
    child = Child()
    client = connect(Family(child))
    make_daemon().register(child)
    with pytest.raises(Exception, match="unsupported serialized class"):
        client.call("child")


@pytest.mark.parametrize("mode", ["single", "session"])
def test_the_instances_of_a_registered_class_travel_as_references_to_it(connect: Any, mode: Any) -> None:
    client = connect(behavior(mode)(type("Own", (Child,), {})))
    assert client.call("me").uri == client.daemon.uri_for("thing")


def test_references_that_arrive_become_proxies_where_there_is_a_client(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = plugins.Registry("pyro.references", {})
    registry.register("proxy", lambda reference: ["live", str(reference.uri)])
    monkeypatch.setattr(plugins, "references", lambda: registry)
    client = connect(Family(Child()))
    assert client.call("kind", ObjectRef(URI("PYRO:x@localhost:1"))) == "list"


def test_references_that_arrive_stay_what_they_are_where_there_is_none(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "references", lambda: plugins.Registry("pyro.references", {}))
    reference = ObjectRef(URI("PYRO:x@localhost:1"))
    assert reviver()(reference) is reference
    assert connect(Family(Child())).call("kind", reference) == "ObjectRef"


def test_a_client_that_is_broken_is_an_error_and_not_a_silent_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = plugins.Registry("pyro.references", {"proxy": "json:no_such_name"})
    monkeypatch.setattr(plugins, "references", lambda: registry)
    with pytest.raises(PluginError, match="cannot be loaded"):
        reviver()(ObjectRef(URI("PYRO:x@localhost:1")))


def test_the_programs_own_rule_for_references_is_kept(connect: Any, make_daemon: Any) -> None:
    rules = ClassRules()
    rules.revive = lambda reference: 5
    client = connect(Family(Child()), make_daemon(rules=rules))
    assert client.call("kind", ObjectRef(URI("PYRO:x@localhost:1"))) == "int"
