"""Writes the interface of a live object down as a ``Protocol``, for ``connect`` and ``connect_async``.

Everything that a server says is taken for data: what is written are known types, literals, names that are
identifiers, and text in docstrings and comments from which nothing can break out.
"""

import ast
import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Final

from pyro_client.stub_types import Imports, Types, text_of
from pyro_core.descriptions import (
    ASYNC,
    GENERATOR,
    ONEWAY,
    PARAMETER_KINDS,
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)
from pyro_core.metadata import Metadata
from pyro_core.uri import URI

LINE_CHARS: Final = 88
_INDENT: Final = "    "
_POSITIONAL_ONLY, _, _VARIADIC, _KEYWORD_ONLY, _KEYWORDS = PARAMETER_KINDS
_ITERATORS: Final = frozenset({"Iterator", "Generator", "AsyncIterator", "AsyncGenerator"})
_ITERABLES: Final = _ITERATORS | {"Iterable", "AsyncIterable"}
_ANYTHING: Final = (ParameterDescription("args", _VARIADIC), ParameterDescription("kwargs", _KEYWORDS))
_WIDER: Final = {bool: {"bool", "int", "float", "complex"}, int: {"int", "float", "complex"}}
_WIDER_FLOAT: Final = {"float", "complex"}


def stub(
    uri: URI,
    metadata: Metadata,
    description: ClassDescription,
    *,
    name: str | None = None,
    awaited: bool = False,
) -> str:
    """The source of a module with a ``Protocol`` of an object.

    Args:
        uri: That of the object, for the text at the top.
        metadata: Names of its members.
        description: Their signatures; empty if they are not known, as with stock servers.
        name: What to call the protocol; None for the name of the class.
        awaited: Write it for an ``AsyncProxy``: its methods are ``async def``.

    Raises:
        ValueError: If the name is none that a class can have.
    """
    if name is not None and not _is_name(name):
        raise ValueError(f"a class cannot be called {name!r}: expected an identifier, such as Warehouse")
    target = uri.object if isinstance(uri.object, str) else " ".join(sorted(uri.object))
    name = name or class_name(description.name or target)
    text = _Writer(name, metadata, description, awaited=awaited).module(uri)
    ast.parse(text)  # rather an error here than in the program that imports it
    return text


def class_name(text: str) -> str:
    """A class name made of any text."""
    words = re.findall(r"[A-Za-z0-9_]+", text)
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if _is_name(joined) else f"Remote{joined}"


class _Writer:
    def __init__(
        self, name: str, metadata: Metadata, description: ClassDescription, *, awaited: bool
    ) -> None:
        self._name = name
        self._description = description
        self._awaited = awaited
        names = sorted(member for member in metadata.methods | metadata.attrs if _is_name(member))
        self._left_out = sorted((metadata.methods | metadata.attrs) - set(names))
        if awaited:
            self._left_out += [member for member in names if member.startswith("_")]
            names = [member for member in names if not member.startswith("_")]
        self._attributes = [
            description.attributes.get(member) or AttributeDescription(member)
            for member in names
            if member in metadata.attrs
        ]
        self._methods = [
            description.methods.get(member)
            or MethodDescription(member, ONEWAY if member in metadata.oneway else "method")
            for member in names
            if member in metadata.methods
        ]
        self._imports = Imports({name, *names})
        self._types = Types(self._imports)

    def module(self, uri: URI) -> str:
        base = self._imports.use("typing", "Protocol")
        members = [list(self._attribute(one)) for one in self._attributes]
        members += [list(self._method(one)) for one in self._methods]
        body = [*_docstring(self._description.doc or f"What {uri} offers.", _INDENT)]
        for member in members:
            body += ["", *member]
        if self._left_out:
            body += ["", f"{_INDENT}# Cannot be written here: {_one_line(', '.join(self._left_out))}"]
        about = f"Interface of {uri}, as its server tells it.\n\nWritten by `pyro-cli gen stubs`."
        head = [*_docstring(about, ""), "", *self._imports.lines(), "", ""]
        return "\n".join([*head, f"class {self._name}({base}):", *body, ""])

    def _attribute(self, attribute: AttributeDescription) -> Iterator[str]:
        name = attribute.name
        written = self._types.read(attribute.annotation)
        yield from self._not_known([("", attribute.annotation)] if self._types.unknown else [])
        yield f"{_INDENT}@{self._imports.use('builtins', 'property')}"
        if self._awaited:
            written = f"{self._imports.use('collections.abc', 'Awaitable')}[{written}]"
        yield from self._function(name, ["self"], written, attribute.doc)
        if attribute.writable and not self._awaited:  # awaiting cannot be written as an assignment
            yield ""
            yield f"{_INDENT}@{name}.setter"
            yield from self._function(name, ["self", f"value: {written}"], "None", "")

    def _method(self, method: MethodDescription) -> Iterator[str]:
        unknown: list[tuple[str, str]] = []
        described = _ANYTHING if method.parameters is None else method.parameters
        parameters = ["_self" if any(one.name == "self" for one in described) else "self"]
        kinds = [one.kind for one in described]
        for position, one in enumerate(described):
            if one.kind == _KEYWORD_ONLY and _VARIADIC not in kinds and _KEYWORD_ONLY not in kinds[:position]:
                parameters.append("*")
            parameters.append(self._parameter(one))
            if self._types.unknown:
                unknown.append((one.name, one.annotation))
            if one.kind == _POSITIONAL_ONLY and kinds[position + 1 : position + 2] != [_POSITIONAL_ONLY]:
                parameters.append("/")
        returns = self._returns(method)
        if self._types.unknown:
            unknown.append(("result", method.returns))
        yield from self._not_known(unknown)
        yield from self._function(method.name, parameters, returns, method.doc, awaited=self._awaited)

    def _parameter(self, parameter: ParameterDescription) -> str:
        written = self._types.read(parameter.annotation)
        default = parameter.default
        if default == "None" and not {"None", "object", "Any"} & _members(written):
            written += " | None"  # an older way to say so
        if default:
            default = f" = {_default(default, written)}"
        stars = {_VARIADIC: "*", _KEYWORDS: "**"}.get(parameter.kind, "")
        return f"{stars}{parameter.name}: {written}{default}"

    def _returns(self, method: MethodDescription) -> str:
        if method.kind == ONEWAY:
            self._types.unknown = False
            return "None"
        iterators = _ITERABLES if method.kind == GENERATOR else _ITERATORS
        items = self._types.items(method.returns, iterators) if method.kind != ASYNC else None
        if items is None and method.kind == GENERATOR:
            self._types.unknown = bool(method.returns)
            items = self._types.any()
        if items is None:
            return self._types.read(method.returns)
        iterator = "AsyncIterator" if self._awaited else "Iterator"
        return f"{self._imports.use('collections.abc', iterator)}[{items}]"

    def _not_known(self, unknown: Iterable[tuple[str, str]]) -> Iterator[str]:
        texts = [f"{name}: {text}" if name else text for name, text in unknown]
        if texts:
            yield f"{_INDENT}# Not known here: {_one_line('; '.join(texts))}"

    def _function(
        self, name: str, parameters: list[str], returns: str, doc: str, *, awaited: bool = False
    ) -> Iterator[str]:
        start = f"{_INDENT}{'async ' if awaited else ''}def {name}("
        end = f") -> {returns}:" if doc else f") -> {returns}: ..."
        inside = ", ".join(parameters)
        if len(start + inside + end) <= LINE_CHARS:
            yield start + inside + end
        elif len(_INDENT * 2 + inside) <= LINE_CHARS and not inside.endswith(","):
            yield from (start, _INDENT * 2 + inside, _INDENT + end)
        else:
            yield from (start, *(f"{_INDENT * 2}{one}," for one in parameters), _INDENT + end)
        if doc:
            yield from _docstring(doc, _INDENT * 2)
            yield f"{_INDENT * 2}..."


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _default(text: str, annotation: str) -> str:
    """A default that a type checker takes for the annotation, else ``...``."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return "..."
    fitting = _WIDER_FLOAT if type(value) is float else _WIDER.get(type(value), {type(value).__name__})
    plain = value is None or type(value) in {bool, int, float, str, bytes}
    fits = {"Any", "object", "None" if value is None else ""} | (set() if value is None else fitting)
    return text_of(value) if plain and _members(annotation) & fits else "..."


def _members(annotation: str) -> set[str]:
    """Names of the classes that a written annotation allows, as far as they are plain."""
    return {member.rpartition(".")[2] for member in annotation.split(" | ")}


def _docstring(doc: str, indent: str) -> Iterator[str]:
    """The lines of a docstring, with everything escaped that would end it."""
    lines = [_printable(line.expandtabs()).rstrip() for line in doc.strip().split("\n")]
    lines = [line.replace("\\", "\\\\") for line in lines]
    last_quote = len(lines) == 1 and lines[0].endswith('"')
    if last_quote:  # it must not become part of those that end the docstring
        lines[0] = lines[0][:-1]
    lines = [line.replace('"""', '\\"\\"\\"') for line in lines]
    lines[-1] += '\\"' * last_quote
    if lines[0].startswith('"'):
        lines[0] = f" {lines[0]}"
    lines[0] = f'"""{lines[0]}'
    if len(lines) > 1:
        lines.append("")
    lines[-1] += '"""'
    yield from (f"{indent}{line}" if line else "" for line in lines)


def _one_line(text: str) -> str:
    return _printable(" ".join(text.split()))


def _printable(text: str) -> str:
    return "".join([char if char.isprintable() else "?" for char in text])
