import enum
import functools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Optional

import pytest

from pyro_core import signatures
from pyro_core.descriptions import ClassDescription, MethodDescription, ParameterDescription
from pyro_core.expose import expose, oneway
from pyro_core.members import members_of
from pyro_core.signatures import describe


class Colour(enum.Enum):
    RED = 1


def timed(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("do not look at me")


@expose
class Base:
    def said(self) -> int:
        """Said by the base."""
        return 1

    def inherited(self) -> None: ...


@expose
class Thing(Base):
    """A thing.

    With a second paragraph.
    """

    def everything(
        self,
        a: int,
        /,
        b: "list[str]",
        *rest: float,
        c: Optional[int] = None,  # noqa: UP045
        **more: Any,
    ) -> dict[str, list[int]]:
        return {}

    def said(self) -> int:
        return 2

    @oneway
    def tell(self, text: str) -> None:
        """Tell.

        Indented.
        """

    async def later(self) -> str:
        return ""

    def items(self) -> Iterator[int]:
        yield 1

    async def async_items(self) -> AsyncIterator[int]:
        yield 1

    @staticmethod
    def static(a: int) -> None: ...

    @classmethod
    def of_class(cls, a: int) -> None: ...

    @timed
    def wrapped(self, a: int = 3) -> str:
        return ""

    def defaults(
        self,
        a: Any = "x",
        b: Any = (1, [2.5], {"k": None}),
        c: Any = Colour.RED,
        d: Any = int,
        e: Any = Rude(),  # noqa: B008
        f: Any = object(),  # noqa: B008
        g: Any = "x" * 1000,
        h: Any = 1 << 5000,
        i: Any = ((((1,),),),),
    ) -> None: ...

    def bare(*args, **kwargs): ...

    @property
    def value(self) -> int:
        """The value."""
        return 1

    @value.setter
    def value(self, value: int) -> None: ...

    @functools.cached_property
    def cached(self) -> "str | None":
        return None

    write_only = property(None, lambda self, value: None)
    upper = str.upper


def described(cls: type) -> ClassDescription:
    description = describe(members_of(cls))
    assert ClassDescription.from_wire(json.loads(json.dumps(description.to_wire()))) == description
    return description


@pytest.fixture(scope="module")
def thing() -> ClassDescription:
    return described(Thing)


def test_names_and_docs(thing: ClassDescription) -> None:
    assert (thing.name, thing.doc) == ("Thing", "A thing.\n\nWith a second paragraph.")
    assert thing.methods["tell"].doc == "Tell.\n\nIndented."
    assert thing.methods["said"].doc == "Said by the base."
    assert thing.methods["later"].doc == ""
    assert "inherited" in thing.methods


def test_every_kind_of_parameter(thing: ClassDescription) -> None:
    assert thing.methods["everything"] == MethodDescription(
        "everything",
        "method",
        (
            ParameterDescription("a", "positional-only", "int"),
            ParameterDescription("b", "positional", "list[str]"),
            ParameterDescription("rest", "variadic positional", "float"),
            ParameterDescription("c", "keyword-only", "Optional[int]", "None"),
            ParameterDescription("more", "variadic keyword", "Any"),
        ),
        "dict[str, list[int]]",
    )


def test_kinds_of_methods(thing: ClassDescription) -> None:
    kinds = {name: thing.methods[name].kind for name in ("said", "tell", "later", "items", "async_items")}
    assert kinds == {
        "said": "method",
        "tell": "oneway",
        "later": "async",
        "items": "generator",
        "async_items": "generator",
    }
    assert thing.methods["items"].returns == "collections.abc.Iterator[int]"


def test_only_what_python_fills_in_itself_is_left_out(thing: ClassDescription) -> None:
    for name in ("static", "of_class"):
        assert thing.methods[name].parameters == (ParameterDescription("a", "positional", "int"),)
    assert thing.methods["wrapped"].parameters == (ParameterDescription("a", "positional", "int", "3"),)
    bare = thing.methods["bare"].parameters or ()
    assert [one.name for one in bare] == ["args", "kwargs"]
    upper = described_with(Thing, "upper").methods["upper"]
    assert upper.parameters == ()


def test_defaults_are_short_expressions(thing: ClassDescription) -> None:
    parameters = thing.methods["defaults"].parameters or ()
    assert [one.default for one in parameters] == [
        "'x'",
        "(1, [2.5], {'k': None})",
        "Colour.RED",
        "int",
        *["..."] * 5,
    ]


def test_attributes(thing: ClassDescription) -> None:
    value, cached = thing.attributes["value"], thing.attributes["cached"]
    assert (value.annotation, value.writable, value.doc) == ("int", True, "The value.")
    assert (cached.annotation, cached.writable) == ("str | None", False)
    assert thing.attributes["write_only"].writable


def test_a_signature_that_cannot_be_told_is_left_out() -> None:
    class Broken:
        def go(self) -> None: ...

        go.__signature__ = "nonsense"  # type: ignore[attr-defined]

    assert described_with(Broken, "go").methods["go"] == MethodDescription("go")


def described_with(cls: type, *names: str) -> ClassDescription:
    return describe(members_of(cls, names))


def test_long_docs_are_cut_and_too_many_left_out() -> None:
    def documented(number: int) -> Any:
        def method(self: Any) -> None: ...

        method.__doc__ = "d" * (signatures.MAX_DOC_CHARS + number)
        return method

    many = signatures.MAX_DOCS_CHARS // signatures.MAX_DOC_CHARS + 2
    methods = {f"m{number:03}": documented(number) for number in range(many)}
    docs = [one.doc for one in described_with(type("Big", (), methods), *methods).methods.values()]
    assert docs[0] == "d" * signatures.MAX_DOC_CHARS
    assert docs[1].endswith(" …")
    assert len(docs[1]) == signatures.MAX_DOC_CHARS
    assert sum(map(len, docs)) <= signatures.MAX_DOCS_CHARS
    assert docs[-1] == ""


@pytest.mark.parametrize("excess", [0, 1])
def test_numbers_of_members_and_parameters_are_bounded(excess: int) -> None:
    count = signatures.MAX_MEMBERS + excess
    methods = {f"m{number:05}": lambda self: None for number in range(count)}
    assert len(described_with(type("Wide", (), methods), *methods).methods) == signatures.MAX_MEMBERS
    names = ", ".join(f"a{number}" for number in range(signatures.MAX_PARAMETERS + excess))
    scope: dict[str, Any] = {}
    exec(f"def long(self, {names}): ...", scope)
    found = described_with(type("Long", (), {"long": scope["long"]}), "long").methods["long"]
    assert (found.parameters is None) == bool(excess)


def test_long_annotations_are_not_told() -> None:
    class Wordy:
        def go(self, a: "x" * signatures.MAX_EXPRESSION_CHARS, b: "y" * 301) -> None: ...  # type: ignore # noqa

    first, second = described_with(Wordy, "go").methods["go"].parameters or ()
    assert len(first.annotation) == signatures.MAX_EXPRESSION_CHARS
    assert second.annotation == ""


def test_annotations_that_are_no_types_are_not_told() -> None:
    class Odd:
        def go(self, a: lambda: 1, b: Rude()) -> None: ...  # type: ignore

    parameters = described_with(Odd, "go").methods["go"].parameters or ()
    assert [one.annotation for one in parameters] == ["", ""]
