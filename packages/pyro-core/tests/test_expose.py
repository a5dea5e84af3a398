import functools

import pytest

from pyro_core.expose import behavior, callback, expose, is_private, oneway


def test_exposing_a_class_marks_its_own_public_functions_and_properties() -> None:
    class Base:
        def inherited(self) -> None: ...

    @expose
    class Thing(Base):
        def method(self) -> None: ...
        def _private(self) -> None: ...
        @staticmethod
        def static() -> None: ...
        @classmethod
        def of_class(cls) -> None: ...
        @property
        def value(self) -> int:
            return 1

        class Nested:
            def inside(self) -> None: ...

    assert Thing.method._pyroExposed
    assert Thing.static._pyroExposed
    assert Thing.of_class.__func__._pyroExposed
    assert Thing.value.fget._pyroExposed
    for hidden in (Thing._private, Base.inherited, Thing.Nested, Thing.Nested.inside):
        assert not hasattr(hidden, "_pyroExposed")


def test_exposing_works_as_a_plain_function_on_a_class_of_somebody_else() -> None:
    class Theirs:
        upper = str.upper  # written in C: takes no mark, and is no reason to fail

        def method(self) -> None: ...

    assert expose(Theirs) is Theirs
    assert Theirs.method._pyroExposed


def test_decorators_may_stand_below_staticmethod_property_and_caches() -> None:
    class Thing:
        @staticmethod
        @expose
        def static() -> None: ...

        @expose
        @property
        def value(self) -> int:
            return 1

        @expose
        @functools.cached_property
        def cached(self) -> int:
            return 1

    assert Thing.static._pyroExposed
    assert Thing.value.fget._pyroExposed
    assert Thing.__dict__["cached"].func._pyroExposed


@pytest.mark.parametrize("wrap", [staticmethod, classmethod])
def test_the_wrong_order_of_decorators_is_an_error_that_says_so(wrap: type) -> None:
    for decorator in (expose, oneway, callback):
        with pytest.raises(AttributeError, match=f"must be done after @{wrap.__name__}"):
            decorator(wrap(lambda: None))


def test_private_names_and_odd_things_cannot_be_exposed() -> None:
    def _hidden() -> None: ...

    with pytest.raises(AttributeError, match="private"):
        expose(_hidden)
    with pytest.raises(AttributeError, match="cannot determine what this is"):
        expose(42)
    with pytest.raises(AttributeError, match="takes no attributes"):
        expose(str.upper)


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("method", False),
        ("_method", True),
        ("__mangled", True),
        ("__", True),
        ("____", True),
        ("__len__", False),
        ("__call__", False),
        ("__dunder__", False),
        ("__init__", True),
        ("__class__", True),
        ("__reduce_ex__", True),
        ("__getattr__", True),
    ],
)
def test_which_names_are_private(name: str, private: bool) -> None:
    assert is_private(name) is private


def test_oneway_and_callback_mark_functions_only() -> None:
    @oneway
    @callback
    def method() -> None: ...

    assert method._pyroOneway
    assert method._pyroCallback
    with pytest.raises(TypeError, match="can only be used on a method"):
        oneway(42)


def test_behavior_leaves_mode_and_creator_on_the_class() -> None:
    @behavior(instance_mode="single", instance_creator=dict)
    class Thing: ...

    assert Thing._pyroInstancing == ("single", dict)


def test_behavior_says_what_is_wrong_with_its_use() -> None:
    with pytest.raises(SyntaxError, match="missing argument"):
        behavior(type("Thing", (), {}))
    with pytest.raises(ValueError, match=r"'sometimes'.*session, single, percall"):
        behavior("sometimes")
    with pytest.raises(TypeError, match="instance_creator"):
        behavior("single", instance_creator=42)
    with pytest.raises(TypeError, match="only be used on a class"):
        behavior("single")(lambda: None)
