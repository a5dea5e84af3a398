import functools
from collections import deque

import pytest

from pyro_core.errors import DaemonError
from pyro_core.expose import callback, expose, oneway
from pyro_core.members import members_of
from pyro_core.metadata import Metadata


@expose
class Base:
    def method(self) -> str:
        return "base"

    @oneway
    def quick(self) -> None: ...

    @callback
    def report(self) -> None: ...

    @property
    def value(self) -> int:
        return 1

    @value.setter
    def value(self, value: int) -> None: ...

    @property
    def fixed(self) -> int:
        return 2

    plain = 3
    nested = type("Nested", (), {})
    alias = len


def test_the_table_lists_methods_properties_and_what_they_are() -> None:
    table = members_of(Base)
    assert table.metadata == Metadata(
        methods=frozenset({"method", "quick", "report"}),
        oneway=frozenset({"quick"}),
        attrs=frozenset({"value", "fixed"}),
    )
    assert table.methods["report"].callback
    assert not table.methods["method"].callback
    assert table.attributes["value"].set is not None
    assert table.attributes["fixed"].set is None


def test_exposure_is_inherited_by_name() -> None:
    """D2: overriding an exposed method does not un-expose it, and the override is what is called."""

    class Derived(Base):
        def method(self) -> str:
            return "derived"

        def quick(self) -> None: ...

        def new(self) -> None: ...

    table = members_of(Derived)
    assert table.methods["method"].bound_to(Derived(), Derived)() == "derived"
    assert table.methods["quick"].oneway
    assert "new" not in table.methods


def test_a_subclass_hides_an_exposed_method_by_making_it_something_else() -> None:
    class Derived(Base):
        method = None
        value = 5

    table = members_of(Derived)
    assert "method" not in table.methods
    assert "value" not in table.attributes


def test_static_class_and_cached_members_are_called_as_python_would() -> None:
    class Thing:
        @staticmethod
        @expose
        def static(x: int) -> int:
            return x

        @classmethod
        @expose
        def of_class(cls) -> type:
            return cls

        @expose
        @functools.cached_property
        def cached(self) -> object:
            return object()

    table = members_of(Thing)
    thing = Thing()
    assert table.methods["static"].bound_to(thing, Thing)(4) == 4
    assert table.methods["of_class"].bound_to(thing, Thing)() is Thing
    cached = table.attributes["cached"]
    assert cached.get is not None
    assert cached.get(thing) is cached.get(thing)
    assert cached.set is None


def test_a_list_of_names_exposes_classes_without_decorators() -> None:
    """D2: also those written in C."""
    table = members_of(deque, ["append", "popleft"])
    things: deque[int] = deque()
    table.methods["append"].bound_to(things, deque)(5)
    assert table.methods["popleft"].bound_to(things, deque)() == 5
    assert table.metadata.methods == {"append", "popleft"}


@pytest.mark.parametrize("name", ["_secret", "__init__", "missing", "plain"])
def test_the_list_of_names_must_name_what_can_be_exposed(name: str) -> None:
    with pytest.raises(DaemonError, match=f"cannot expose {name!r}"):
        members_of(Base, [name])


def test_overrides_may_have_to_be_marked_themselves() -> None:
    class Base:
        @expose
        def one(self) -> None: ...

        @expose
        def two(self) -> None: ...

    class Sub(Base):
        def one(self) -> None: ...

    assert members_of(Sub).metadata.methods == {"one", "two"}
    assert members_of(Sub, overrides_keep_marks=False).metadata.methods == {"two"}
    assert members_of(Sub, ["one"], overrides_keep_marks=False).metadata.methods == {"one", "two"}
