"""``config.DOTTEDNAMES``: names with dots lead through exposed properties, and nowhere else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4
from Pyro4 import core
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE


class Leaf:
    def __init__(self) -> None:
        self._name = "leaf"
        self.plain = "plain"

    @Pyro4.expose
    def called(self, greeting: str) -> str:
        return f"{greeting} {self._name}"

    @Pyro4.expose
    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    def hidden(self) -> str:
        raise AssertionError("this is not exposed")

    def __call__(self) -> str:
        raise AssertionError("this is private")


class Branch:
    def __init__(self) -> None:
        self._leaf = Leaf()
        self.plain = self._leaf

    @Pyro4.expose
    @property
    def leaf(self) -> Leaf:
        return self._leaf

    @property
    def secret(self) -> Leaf:
        raise AssertionError("this is not exposed")


class Tree:
    def __init__(self) -> None:
        self._branch = Branch()
        self.plain = self._branch

    @Pyro4.expose
    @property
    def branch(self) -> Branch:
        return self._branch

    @Pyro4.expose
    @property
    def kind(self) -> type:
        return Leaf

    @Pyro4.expose
    def method(self) -> None:
        pass


REFUSED = re.compile("private|unexposed")
UNDECORATED = ["branch.leaf.hidden", "branch.secret.called"]
WAYS_OUT = [
    "method.__globals__",
    "method.__func__",
    "method.__call__",
    "method.__globals__.get",
    "branch._leaf.called",
    "branch.plain.called",
    "plain.leaf.called",
    "branch.leaf.__call__",
    "branch.leaf.__init__",
    "branch.leaf.__class__",
    "branch.leaf.__class__.mro",
    "branch.leaf.called.__self__.hidden",
    "branch.leaf.name.upper.__self__",
    "branch.__dict__.clear",
    "__class__.__subclasses__",
    "kind.called",
    "kind.mro",
    "kind.__subclasses__",
    "branch.nothing",
    "branch..leaf",
    "branch.leaf.",
    ".branch.leaf.called",
]


@pytest.fixture(params=["object", "single", "percall"])
def tree(request: pytest.FixtureRequest, daemon: Pyro4.Daemon) -> Iterator[Any]:
    target: Any = Tree()
    if request.param != "object":
        target = Pyro4.behavior(instance_mode=request.param)(type("Planted", (Tree,), {}))
    with Pyro4.Proxy(daemon.register(target)) as proxy:
        yield proxy


def invoke(proxy: Any, *names: str) -> list[Any]:
    """Call by these names in every way: one by one, and in a batch."""
    calls: Any = [(name, ("hello",), {}) for name in names]
    return [*(proxy._pyroInvoke(*call) for call in calls), *proxy._pyroInvokeBatch(calls)]


def test_they_lead_to_members_of_other_objects(tree: Any) -> None:
    Pyro4.config.DOTTEDNAMES = True
    assert invoke(tree, "branch.leaf.called") == ["hello leaf"] * 2
    assert getattr(tree, "branch.leaf.called")("good day,") == "good day, leaf"
    assert tree._pyroInvoke(GET_ATTRIBUTE, ("branch.leaf.name",), None) == "leaf"
    with pytest.raises(AttributeError, match="no exposed attribute"):
        getattr(tree, "elsewhere.leaf.called")
    Pyro4.config.METADATA = False
    with core.Proxy(tree._pyroUri) as plain:
        assert plain.branch.leaf.called("hello") == "hello leaf"


def test_properties_can_be_written(daemon: Pyro4.Daemon) -> None:
    Pyro4.config.DOTTEDNAMES = True
    with Pyro4.Proxy(daemon.register(Tree())) as proxy:
        proxy._pyroInvoke(SET_ATTRIBUTE, ("branch.leaf.name", "twig"), None)
        assert invoke(proxy, "branch.leaf.called") == ["hello twig"] * 2
        for name in ("branch.leaf.plain", "branch.leaf", "branch.leaf._name", "branch._leaf"):
            with pytest.raises(AttributeError, match=REFUSED):
                proxy._pyroInvoke(SET_ATTRIBUTE, (name, "x"), None)
        assert proxy._pyroInvoke(GET_ATTRIBUTE, ("branch.leaf.name",), None) == "twig"


@pytest.mark.parametrize(
    ("name", "require_expose"),
    [(name, True) for name in UNDECORATED + WAYS_OUT] + [(name, False) for name in WAYS_OUT],
)
def test_they_lead_nowhere_else(daemon: Pyro4.Daemon, name: str, require_expose: bool) -> None:
    Pyro4.config.DOTTEDNAMES = True
    Pyro4.config.REQUIRE_EXPOSE = require_expose
    with Pyro4.Proxy(daemon.register(Tree())) as proxy:
        with pytest.raises(AttributeError, match=REFUSED):
            proxy._pyroInvoke(name, (), {})
        with pytest.raises(AttributeError, match=REFUSED):
            proxy._pyroInvoke(GET_ATTRIBUTE, (name,), None)


@pytest.mark.parametrize("name", ["branch.leaf.called", *UNDECORATED, *WAYS_OUT])
def test_without_the_switch_they_are_refused(daemon: Pyro4.Daemon, name: str) -> None:
    with Pyro4.Proxy(daemon.register(Tree())) as proxy:
        with pytest.raises(AttributeError, match=REFUSED):
            proxy._pyroInvoke(name, ("hello",), {})
        with pytest.raises(AttributeError, match=REFUSED):
            proxy._pyroInvoke(GET_ATTRIBUTE, (name,), None)
        with pytest.raises(AttributeError, match="no exposed attribute"):
            getattr(proxy, name)
