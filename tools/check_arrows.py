"""Check who imports whom.

The packages of this repository stay small because few of them know each other. This reads every module
under ``packages/*/src`` and reports each import that the table below does not allow. Imports inside
functions and under ``TYPE_CHECKING`` count too: a type is knowledge as well.

Modules and functions that have grown too long are printed as warnings; they do not fail the check.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BOTH_ENDS = frozenset({"pyro_core", "pyro_client", "pyro_server"})

# Import name -> the packages of this repository that it may import. Only `commands` modules may
# import pyro_cli, which loads them, and only the facade pyro_serializers: the plugin registry finds
# serializers and commands by entry point.
ARROWS: dict[str, frozenset[str]] = {
    "pyro_core": frozenset(),
    "pyro_serializers": frozenset({"pyro_core"}),
    "pyro_client": frozenset({"pyro_core"}),
    "pyro_server": frozenset({"pyro_core"}),
    "pyro_cli": frozenset({"pyro_core"}),
    "pyro_observe": frozenset({"pyro_core"}),
    "pyro_nameserver": BOTH_ENDS,
    "pyro_flame": BOTH_ENDS,
    "pyro_http": BOTH_ENDS,
    # It gives the serializers their old names.
    "Pyro4": BOTH_ENDS | {"pyro_serializers", "pyro_nameserver", "pyro_flame", "pyro_http"},
}

# pyro_core does no I/O, starts no thread and runs no loop, except in these parts of it.
IO_MODULES = frozenset({"asyncio", "select", "selectors", "socket", "ssl", "threading"})
IO_PARTS = ("pyro_core.net", "pyro_core.testing")

MODULE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60


@dataclass(frozen=True)
class Module:
    """One source file, under the name it is imported by."""

    path: Path
    name: str
    tree: ast.Module
    line_count: int

    @property
    def package(self) -> str:
        """The distribution's top-level import name."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Finding:
    """Something to report about one line."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def read_modules(root: Path) -> Iterator[Module]:
    """Yield every module under ``packages/*/src`` of the repository at ``root``."""
    for src in sorted(root.glob("packages/*/src")):
        for path in sorted(src.rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            parts = path.relative_to(src).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
            yield Module(
                path.relative_to(root),
                ".".join(parts),
                ast.parse(source, filename=str(path)),
                source.count("\n"),
            )


def imported_names(module: Module) -> Iterator[tuple[int, str]]:
    """Yield line and full dotted name of everything a module imports, wherever in the file it does so."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute_base(module, node)
            # `from a import b` may name the module a.b as well as something in a.
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and (name := _literal_import(node)):
            yield node.lineno, name


def _absolute_base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    steps_up = node.level - (module.path.name == "__init__.py")
    return ".".join([*parts[: len(parts) - steps_up], *([node.module] if node.module else [])])


def _literal_import(node: ast.Call) -> str | None:
    """The name in ``import_module("name")`` or ``__import__("name")``."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called not in {"import_module", "__import__"} or not node.args:
        return None
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def is_inside(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages, or something in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def check_import(module: Module, target: str) -> str | None:
    """Say what is wrong with a module importing ``target``, or None."""
    top = target.partition(".")[0]
    is_command = "commands" in module.name.split(".")
    if is_command and top == "pyro_cli" and module.package != "pyro_core":
        return None
    if top != module.package and top in ARROWS and top not in ARROWS.get(module.package, frozenset()):
        return f"{module.package} must not import {top}"
    if module.package == "pyro_core" and not is_inside(module.name, *IO_PARTS):
        if top in IO_MODULES:
            return f"the core does no I/O: {top} belongs in pyro_core.net"
        if is_inside(target, *IO_PARTS):
            return f"the core does no I/O: {module.name} must not import {target}"
    if top == "click" and module.package != "pyro_cli" and not is_command:
        return "click is known to pyro_cli and to `commands` modules only"
    return None


def find_violations(modules: list[Module]) -> list[Finding]:
    """Return every import that is not allowed, and every package the table does not know."""
    findings = []
    for package, first in {module.package: module for module in reversed(modules)}.items():
        if package not in ARROWS:
            text = f"{package} has no line in ARROWS ({Path(__file__).name})"
            findings.append(Finding(first.path, 1, text))
    for module in modules:
        seen = set()
        for line, target in imported_names(module):
            problem = check_import(module, target)
            if problem and (line, problem) not in seen:
                seen.add((line, problem))
                findings.append(Finding(module.path, line, problem))
    return findings


def find_large_parts(modules: list[Module]) -> list[Finding]:
    """Return the modules and functions that have outgrown their limit."""
    findings = []
    for module in modules:
        if module.line_count > MODULE_LINES_MAX:
            findings.append(Finding(module.path, 1, f"{module.line_count} lines (limit {MODULE_LINES_MAX})"))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    text = f"{node.name} has {length} lines (limit {FUNCTION_LINES_MAX})"
                    findings.append(Finding(module.path, node.lineno, text))
    return findings


def main(arguments: list[str]) -> int:
    """Check the repository in ``arguments[0]``, or this one; return the exit status."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    modules = list(read_modules(root))
    for finding in find_large_parts(modules):
        print(f"warning: {finding}")
    violations = find_violations(modules)
    for finding in violations:
        print(finding)
    print(f"{len(modules)} modules, {len(violations)} forbidden imports")
    return 1 if violations or not modules else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
