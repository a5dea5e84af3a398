"""The text of generated interfaces; that checkers accept it is shown in the integration tests."""

import ast
from collections.abc import Generator
from typing import Any, Literal, Optional

import pytest

from pyro_client.stubs import class_name, stub
from pyro_core.descriptions import ClassDescription, MethodDescription, ParameterDescription
from pyro_core.expose import expose, oneway
from pyro_core.members import members_of
from pyro_core.metadata import Metadata
from pyro_core.signatures import describe
from pyro_core.uri import URI

WHERE = URI("PYRONAME:warehouse")


class Widget:
    pass


@expose
class Warehouse:
    """Keeps things."""

    def store(self, item: str, count: int = 1, /, *, note: Optional[str] = None) -> int:  # noqa: UP045
        """Store it.

        Under its name.
        """
        return 1

    def list(
        self,
        prefix: str = None,  # type: ignore[assignment]  # noqa: RUF013
        mode: Literal["all", "new"] = "all",
        widget: Widget | None = None,
        tags: dict[str, Widget] = {},  # noqa: B006
    ) -> list[str]:
        return []

    def items(self) -> Generator[str, None, None]:
        yield ""

    async def later(self, wait: float = 1) -> None: ...

    @oneway
    def tell(self, *args: int, **named: "float") -> int:
        return 1

    def __len__(self) -> int:
        return 1

    @property
    def size(self) -> int:
        """How many."""
        return 1

    @size.setter
    def size(self, size: int) -> None: ...

    @property
    def widget(self) -> Widget:
        return Widget()


SYNC = '''\
"""Interface of PYRONAME:warehouse, as its server tells it.

Written by `pyro-cli gen stubs`.
"""

import builtins as _builtins
from collections.abc import Iterator
from typing import Any, Literal, Protocol


class Warehouse(Protocol):
    """Keeps things."""

    @property
    def size(self) -> int:
        """How many."""
        ...

    @size.setter
    def size(self, value: int) -> None: ...

    # Not known here: {module}.Widget
    @property
    def widget(self) -> Any: ...

    def __len__(self) -> int: ...

    def items(self) -> Iterator[str]: ...

    def later(self, wait: float = 1) -> None: ...

    # Not known here: widget: {module}.Widget | None; tags: dict[str, {module}.Widget]
    def list(
        self,
        prefix: str | None = None,
        mode: Literal["all", "new"] = ...,
        widget: Any | None = None,
        tags: dict[str, Any] = ...,
    ) -> _builtins.list[str]: ...

    def store(self, item: str, count: int = 1, /, *, note: str | None = None) -> int:
        """Store it.

        Under its name.
        """
        ...

    def tell(self, *args: int, **named: float) -> None: ...
'''

ASYNC = '''\
class Depot(Protocol):
    """Keeps things."""

    @property
    def size(self) -> Awaitable[int]:
        """How many."""
        ...

    # Not known here: {module}.Widget
    @property
    def widget(self) -> Awaitable[Any]: ...

    async def items(self) -> AsyncIterator[str]: ...

    async def later(self, wait: float = 1) -> None: ...
'''

STOCK = '''\
"""Interface of PYRONAME:warehouse, as its server tells it.

Written by `pyro-cli gen stubs`.
"""

from typing import Any, Protocol


class Warehouse(Protocol):
    """What PYRONAME:warehouse offers."""

    @property
    def size(self) -> Any: ...

    @size.setter
    def size(self, value: Any) -> None: ...

    def store(self, *args: Any, **kwargs: Any) -> Any: ...

    def tell(self, *args: Any, **kwargs: Any) -> None: ...
'''


def written(cls: type, **options: Any) -> str:
    table = members_of(cls)
    return stub(WHERE, table.metadata, describe(table), **options)


def test_the_interface_for_a_proxy() -> None:
    assert written(Warehouse) == SYNC.format(module=__name__)


def test_the_interface_for_an_asyncio_proxy() -> None:
    text = written(Warehouse, awaited=True, name="Depot")
    assert ASYNC.format(module=__name__) in text
    assert "from collections.abc import AsyncIterator, Awaitable\n" in text
    assert "    async def list(\n" in text
    assert text.endswith("    # Cannot be written here: __len__\n")


def test_a_stock_server_tells_names_only() -> None:
    metadata = Metadata(frozenset({"store", "tell"}), frozenset({"tell"}), frozenset({"size"}))
    assert stub(WHERE, metadata, ClassDescription()) == STOCK


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Pyro.NameServer", "PyroNameServer"),
        ("warehouse", "Warehouse"),
        ("<locals>", "Locals"),
        ("3d printer", "Remote3dPrinter"),
        ("none", "RemoteNone"),
        ("!", "Remote"),
    ],
)
def test_a_class_name_is_made_of_any_text(text: str, name: str) -> None:
    assert class_name(text) == name


@pytest.mark.parametrize("name", ["a b", "class", "3", "x(y): pass #"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected an identifier"):
        written(Warehouse, name=name)


NASTY = [
    '"""\nimport os\n"""',
    '"',
    "\\",
    '\\"""',
    'say "no"',
    "x\r\nimport os",
    "x\0y\x0cz\u2028w\u202e",
    "\ud800",
    "'''",
    "{braces} %s",
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("awaited", [False, True])
def test_nothing_that_a_server_says_becomes_code(text: str, awaited: bool) -> None:
    parameters = (
        ParameterDescription("a", "positional", text, text),
        ParameterDescription("b", "positional", "str", repr(text)),
    )
    method = MethodDescription("go", "method", parameters, text, text)
    description = ClassDescription(text, text, {"go": method})
    metadata = Metadata(frozenset({"go", text, "pass"}), frozenset(), frozenset({f"{text}#"}))
    source = stub(WHERE, metadata, description, awaited=awaited)
    tree = ast.parse(source)
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds == ["Expr", "ImportFrom", "ClassDef"]
    body = tree.body[-1]
    assert isinstance(body, ast.ClassDef)
    assert [type(node) for node in body.body] == [
        ast.Expr,
        ast.AsyncFunctionDef if awaited else ast.FunctionDef,
    ]
    source.encode()
    compile(source, "stub", "exec")
