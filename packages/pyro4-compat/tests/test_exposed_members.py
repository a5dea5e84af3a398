"""What classes expose, by Pyro4's rules."""

from typing import Any

import pytest

import Pyro4
from Pyro4 import util


class Base:
    @Pyro4.expose
    def kept(self) -> int:
        return 1

    @Pyro4.oneway
    @Pyro4.expose
    def overridden(self) -> None:
        pass

    @Pyro4.expose
    @property
    def size(self) -> int:
        return 2

    def hidden(self) -> str:
        return "hidden"


class Sub(Base):
    def overridden(self) -> None:
        pass


@Pyro4.expose
class Whole:
    def __init__(self) -> None:
        self._size = 0
        self.plain = 5

    def __call__(self) -> None:
        pass

    def __len__(self) -> int:
        return 3

    @property
    def size(self) -> int:
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._size = value


def test_an_override_must_be_exposed_itself() -> None:
    assert util.get_exposed_members(Base) == {
        "methods": {"kept", "overridden"},
        "oneway": {"overridden"},
        "attrs": {"size"},
    }
    assert util.get_exposed_members(Sub()) == {"methods": {"kept"}, "oneway": set(), "attrs": {"size"}}
    everything = util.get_exposed_members(Sub, only_exposed=False, as_lists=True)
    assert sorted(everything["methods"]) == ["hidden", "kept", "overridden"]


def test_a_daemon_follows_the_same_rules() -> None:
    with Pyro4.Daemon() as daemon:
        proxy = daemon.proxyFor(str(daemon.register(Sub()).object))
        assert (proxy._pyroMethods, proxy._pyroOneway, proxy._pyroAttrs) == ({"kept"}, set(), {"size"})
        assert daemon.proxyFor(str(daemon.register(Whole()).object))._pyroMethods == {"__len__"}
        Pyro4.config.REQUIRE_EXPOSE = False
        proxy = daemon.proxyFor(str(daemon.register(Sub()).object))
        assert proxy._pyroMethods == {"kept", "overridden", "hidden"}


def test_properties() -> None:
    whole = Whole()
    util.set_exposed_property_value(whole, "size", 7)
    assert util.get_exposed_property_value(whole, "size") == 7
    for name in ("plain", "nothing", "_size"):
        with pytest.raises(AttributeError):
            util.get_exposed_property_value(whole, name)
    with pytest.raises(AttributeError, match="cannot be written"):
        util.set_exposed_property_value(Base(), "size", 1)


def test_what_was_found_is_remembered_until_it_is_reset() -> None:
    class Changing:
        pass

    assert util.get_exposed_members(Changing)["methods"] == set()
    added: Any = Pyro4.expose(lambda self: None)
    Changing.added = added  # type: ignore[attr-defined]
    assert util.get_exposed_members(Changing)["methods"] == set()
    util.reset_exposed_members(Changing)
    assert util.get_exposed_members(Changing)["methods"] == {"added"}


def test_members_by_name() -> None:
    assert util.getAttribute(Base(), "kept")() == 1
    for name in ("hidden", "_private", "kept.real", "nothing"):
        with pytest.raises(AttributeError):
            util.getAttribute(Base(), name)
    Pyro4.config.REQUIRE_EXPOSE = False
    assert util.getAttribute(Base(), "hidden")() == "hidden"


@pytest.mark.parametrize(
    ("name", "private"), [("_a", True), ("__a", True), ("__call__", True), ("__len__", False), ("a", False)]
)
def test_private_names(name: str, private: bool) -> None:
    assert util.is_private_attribute(name) is private
