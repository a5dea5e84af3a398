"""Where names come from, found by reading the source under ``packages/*/src`` without importing it.

Reading gives the same answer on every Python, and needs nothing installed.
"""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.AnnAssign | ast.Assign


@dataclass(frozen=True)
class Found:
    """Something at the top of a module: its module, its name there, and the statements that define it."""

    module: str
    name: str
    statements: tuple[Definition, ...]


def statements_of(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module or class, also those under ``if`` and ``try``."""
    for statement in body:
        if isinstance(statement, ast.If):
            yield from statements_of([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            handlers = [line for handler in statement.handlers for line in handler.body]
            yield from statements_of([*statement.body, *handlers, *statement.orelse])
        else:
            yield statement


def defined(statement: ast.stmt) -> list[str]:
    """Names that a statement defines, imports aside."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.AnnAssign):
        return [statement.target.id] if isinstance(statement.target, ast.Name) else []
    if isinstance(statement, ast.Assign):
        return [node.id for node in ast.walk(ast.Tuple(statement.targets)) if isinstance(node, ast.Name)]
    return []


class Module:
    """The names at the top of one module."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.definitions: dict[str, list[Definition]] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        self.all: list[str] | None = None
        for statement in statements_of(ast.parse(path.read_text(encoding="utf8")).body):
            self._take(statement)

    def _take(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self.imports[alias.asname or alias.name] = (statement.module or "", alias.name)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                self.imports[alias.asname or alias.name] = (alias.name, "")
        for name in defined(statement):
            if name == "__all__" and isinstance(statement, ast.Assign):
                self.all = list(ast.literal_eval(statement.value))
            if isinstance(statement, Definition):
                self.definitions.setdefault(name, []).append(statement)

    def public(self) -> list[str]:
        """``__all__``, or else every name defined here that does not begin with an underscore."""
        if self.all is not None:
            return sorted(self.all)
        return sorted(n for n in self.definitions if not n.startswith("_") and not self._serves_typing(n))

    def _serves_typing(self, name: str) -> bool:
        """Whether a name is there for annotations alone."""
        value = getattr(self.definitions[name][0], "value", None)
        maker = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
        return name == "TYPE_CHECKING" or maker.rpartition(".")[2] in {"TypeVar", "ParamSpec", "TypeVarTuple"}


class Sources:
    """All modules of a working copy.

    Args:
        root: Of the working copy.
    """

    def __init__(self, root: Path) -> None:
        self.paths: dict[str, Path] = {}
        for source in sorted(root.glob("packages/*/src")):
            for path in source.rglob("*.py"):
                words = path.relative_to(source).with_suffix("").parts
                self.paths[".".join(words[:-1] if words[-1] == "__init__" else words)] = path

    @functools.cache  # noqa: B019 - lives as long as the program
    def module(self, name: str) -> Module | None:
        """A module of ours; None for those of others."""
        return Module(name, self.paths[name]) if name in self.paths else None

    def find(self, module: str, name: str) -> Found | None:
        """What a name in a module stands for, through any number of imports; None if it is not ours."""
        seen: set[tuple[str, str]] = set()
        while (module, name) not in seen:
            seen.add((module, name))
            here = self.module(module)
            if here is None:
                return None
            if name in here.definitions:
                return Found(module, name, tuple(here.definitions[name]))
            if name in here.imports:
                module, name = here.imports[name]
                if f"{module}.{name}".rstrip(".") in self.paths:
                    return Found(f"{module}.{name}".rstrip("."), "", ())
            elif f"{module}.{name}" in self.paths:
                return Found(f"{module}.{name}", "", ())
            else:
                return None
        return None
