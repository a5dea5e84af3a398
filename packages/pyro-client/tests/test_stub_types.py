import pytest

from pyro_client.stub_types import Imports, Types, text_of


def read(text: str, taken: set[str] | None = None) -> tuple[str, list[str], bool]:
    imports = Imports(taken or set())
    types = Types(imports)
    written = types.read(text)
    return written, imports.lines(), types.unknown


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("int", "int"),
        ("None", "None"),
        ("'int'", "int"),
        ("list[int]", "list[int]"),
        ("List[int]", "list[int]"),
        ("typing.Dict[str, 'List[int]']", "dict[str, list[int]]"),
        ("Optional[str]", "str | None"),
        ("Union[int, Optional[str], None, int]", "int | str | None"),
        ("int | 'str' | None", "int | str | None"),
        ("dict[str | int, list[int | None]] | None", "dict[str | int, list[int | None]] | None"),
        ("tuple", "tuple[Any, ...]"),
        ("tuple[()]", "tuple[()]"),
        ("Tuple[int, ...]", "tuple[int, ...]"),
        ("tuple[int, str]", "tuple[int, str]"),
        ("list", "list[Any]"),
        ("dict", "dict[Any, Any]"),
        ("Callable", "Callable[..., Any]"),
        ("collections.abc.Callable[[int, str], bool]", "Callable[[int, str], bool]"),
        ("Callable[..., None]", "Callable[..., None]"),
        ("Callable[[], None]", "Callable[[], None]"),
        ("Generator", "Generator[Any, Any, Any]"),
        ("Literal['a', 1, None, b'x', True]", "Literal[\"a\", 1, None, b'x', True]"),
        ("Annotated[int, 'metres']", "int"),
        ("datetime", "datetime"),
        ("datetime.datetime", "datetime"),
        ("Mapping[str, decimal.Decimal]", "Mapping[str, Decimal]"),
        ("pathlib.Path", "Path"),
        ("UUID", "UUID"),
        ("object", "object"),
        ("typing.AbstractSet[int]", "Set[int]"),
    ],
)
def test_types_that_everybody_has_are_kept(text: str, written: str) -> None:
    assert read(text)[::2] == (written, False)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Widget", "Any"),
        ("shop.Widget", "Any"),
        ("dict[str, Widget]", "dict[str, Any]"),
        ("Widget | None", "Any | None"),
        ("Widget[int]", "Any"),
        ("list[int, str]", "Any"),
        ("Union", "Any"),
        ("Literal", "Any"),
        ("Literal[Colour.RED]", "Any"),
        ("Literal[1.5]", "Any"),
        ("Callable[P, int]", "Callable[..., int]"),
        ("Callable[int]", "Any"),
        ("print('gone')", "Any"),
        ("int; import os", "Any"),
        ("int\nimport os", "Any"),
        ("lambda: 1", "Any"),
        ("x" * 5 + "[" * 300, "Any"),
        ("...", "Any"),
        ("3", "Any"),
        ("f'int'", "Any"),
        ("\0", "Any"),
    ],
)
def test_everything_else_becomes_any(text: str, written: str) -> None:
    assert read(text)[::2] == (written, True)


def test_no_annotation_is_not_an_unknown_one() -> None:
    assert read("") == ("Any", ["from typing import Any"], False)


def test_what_is_used_is_imported_in_order() -> None:
    _, lines, _ = read("dict[date, Union[Sequence[datetime], deque, Any, UUID]]")
    assert lines == [
        "from collections import deque",
        "from collections.abc import Sequence",
        "from datetime import date, datetime",
        "from typing import Any",
        "from uuid import UUID",
    ]


def test_names_that_mean_something_else_there_are_reached_through_their_module() -> None:
    written, lines, _ = read("list[Sequence[int]] | date", {"list", "date", "Sequence"})
    assert written == "_builtins.list[_collections_abc.Sequence[int]] | _datetime.date"
    assert lines == [
        "import builtins as _builtins",
        "import collections.abc as _collections_abc",
        "import datetime as _datetime",
    ]


def test_a_long_list_of_names_takes_several_lines() -> None:
    _, lines, _ = read("Union[Sequence, MutableSequence, AsyncIterable, Collection, Coroutine, Mapping]")
    assert lines[0].startswith("from collections.abc import (\n    AsyncIterable,\n    Collection,\n")
    assert lines[0].endswith(",\n)")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Iterator[int]", "int"),
        ("Generator[int, None, str]", "int"),
        ("collections.abc.AsyncIterator[list[str]]", "list[str]"),
        ("Iterator", "Any"),
        ("list[int]", None),
        ("", None),
        ("Iterable[int]", None),
    ],
)
def test_items_of_iterators(text: str, items: str | None) -> None:
    assert Types(Imports()).items(text, {"Iterator", "Generator", "AsyncIterator"}) == items


def test_deep_unions_are_read_once() -> None:
    depth = 20
    assert read("Optional[" * depth + "int" + "]" * depth)[0] == "int | None"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('"', "'\"'"),
        ("\n", "'\\n'"),
        (3, "3"),
        (None, "None"),
        (b"a", "b'a'"),
    ],
)
def test_plain_values_as_source(value: object, text: str) -> None:
    assert text_of(value) == text
    assert eval(text_of(value)) == value
