"""List the public API of every package in its API.txt, or tell how the list and the code differ.

Usage: python tools/public_api.py [--write] [PACKAGE...]

Public are the modules that a package's pyproject.toml lists under ``[tool.public-api]``: there the names in
``__all__``, or all that do not begin with an underscore. A line stands for one name with its signature; what
comes from a module that is not public is listed under the public name. The source is read, not imported.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from source_names import Definition, Found, Sources, defined, statements_of

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Public API of {package}, a name a line. Written by `hatch run release api`; a test compares it.
# A line that vanishes or changes breaks programs; docs/releasing.md tells which version says so.
"""
PROTOCOL_METHODS = re.compile(
    r"__(a?enter|a?exit|a?iter|a?next|call|await|len|contains|(get|set|del)item|str)__"
)
PLAIN_DECORATORS = frozenset(
    {"overload", "override", "property", "abstractmethod", "staticmethod", "classmethod"}
)


def text_of(function: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> str:
    """Arguments and result of a function, as they are written; without the first argument if it is bound."""
    arguments = function.args
    if bound:
        first = arguments.posonlyargs or arguments.args
        without = {"posonlyargs" if arguments.posonlyargs else "args": first[1:]}
        fields = {name: getattr(arguments, name) for name in arguments._fields} | without
        arguments = ast.arguments(**fields)
    result = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({ast.unparse(arguments)}){result}"


def decorators(statement: ast.stmt) -> list[str]:
    """Last part of the name of each decorator."""
    found = []
    for node in getattr(statement, "decorator_list", []):
        target = node.func if isinstance(node, ast.Call) else node
        found.append(ast.unparse(target).rpartition(".")[2])
    return found


def function_lines(name: str, statements: list[Definition], bound: bool) -> Iterator[str]:
    """Lines of a function or method; one for each overload."""
    functions = [one for one in statements if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    overloads = [one for one in functions if "overload" in decorators(one)]
    for one in overloads or functions[:1]:
        marks = decorators(one)
        kind = "async " if isinstance(one, ast.AsyncFunctionDef) else ""
        kind += next((f"{mark} " for mark in ("staticmethod", "classmethod") if mark in marks), "")
        others = "".join(f"  [{mark}]" for mark in marks if mark not in PLAIN_DECORATORS)
        yield f"{kind}{name}{text_of(one, bound and 'staticmethod' not in marks)}{others}"


def value_line(name: str, statement: ast.Assign | ast.AnnAssign) -> str:
    """Line of a variable, field or member: its type if it is told, its value if that is a plain one."""
    told = isinstance(statement.value, ast.Constant) and not name.endswith(".__version__")
    value = f" = {ast.unparse(statement.value)}" if told and statement.value else ""
    if isinstance(statement, ast.AnnAssign):
        return f"{name}: {ast.unparse(statement.annotation)}{value}"
    return f"{name}{value}"


def set_by_init(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Public attributes that ``__init__`` sets on ``self``, and the type if it is told."""
    for node in ast.walk(function):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        for target in targets:
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == "self"
            ):
                kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
                yield target.attr, kind


def slots(statement: Definition) -> list[str]:
    """Names in ``__slots__``, where they are written out."""
    try:
        value = (
            ast.literal_eval(statement.value) if isinstance(statement, ast.Assign) and statement.value else ()
        )
    except ValueError:
        return []
    return [value] if isinstance(value, str) else list(value)


class Lister:
    """Makes the lines of one package.

    Args:
        sources: Of all packages.
        public: Names of the public modules of all packages.
    """

    def __init__(self, sources: Sources, public: frozenset[str]) -> None:
        self.sources = sources
        self.public = public

    def module(self, name: str) -> Iterator[str]:
        """Lines of one public module.

        Raises:
            LookupError: If there is no such module, or it promises a name that it does not have.
        """
        module = self.sources.module(name)
        if module is None:
            raise LookupError(f"there is no module {name}; correct [tool.public-api] in its pyproject.toml")
        for exported in module.public():
            found = self.sources.find(name, exported)
            label = f"{name}.{exported}"
            if found is None and exported not in module.imports:
                raise LookupError(
                    f"{name} has {exported!r} in __all__, and neither defines nor imports it; "
                    f"if it is loaded when it is first used, import it under TYPE_CHECKING, too"
                )
            yield from self.name(label, found, module.imports.get(exported))

    def name(self, label: str, found: Found | None, imported: tuple[str, str] | None) -> Iterator[str]:
        """Lines of one exported name."""
        if found is None:
            assert imported is not None
            yield f"{label} = {'.'.join(imported).rstrip('.')}"
        elif not found.statements:
            yield f"{label} = module {found.module}"
        elif self.is_elsewhere(label, found):
            yield f"{label} = {found.module}.{found.name}"
        elif isinstance(found.statements[0], ast.ClassDef):
            yield from self.class_lines(label, found)
        elif isinstance(found.statements[0], ast.FunctionDef | ast.AsyncFunctionDef):
            yield from function_lines(label, list(found.statements), bound=False)
        else:
            value = found.statements[0]
            assert isinstance(value, ast.Assign | ast.AnnAssign)
            yield value_line(label, value)

    def is_elsewhere(self, label: str, found: Found) -> bool:
        """Whether a name is listed under another one: that of its public module, or of its distribution."""
        here = label.rpartition(".")[0]
        other = found.module.partition(".")[0] != label.partition(".")[0]
        return other or (found.module != here and found.module in self.public)

    def is_public(self, found: Found) -> bool:
        """Whether something is listed where it is defined."""
        module = self.sources.module(found.module) if found.module in self.public else None
        return module is not None and found.name in module.public()

    def class_lines(self, label: str, found: Found) -> Iterator[str]:
        """A class with its members, also those from classes of the same distribution that are not listed."""
        members: dict[str, list[str]] = {}
        bases: list[str] = []
        self.collect(label, found, members, bases)
        marks = "".join(f"  [{mark}]" for mark in decorators(found.statements[0]))
        signature = members.pop("__init__", None) or members.pop("__new__", None)
        yield f"class {label}" + (f"({', '.join(bases)})" if bases else "") + marks
        yield from (line for line in signature or ())
        members.pop("__new__", None)
        for name in sorted(members):
            yield from members[name]

    def collect(self, label: str, found: Found, members: dict[str, list[str]], bases: list[str]) -> None:
        """Add the members of a class that are not there yet, and then those of its bases."""
        (definition,) = (one for one in found.statements[:1] if isinstance(one, ast.ClassDef))
        own: dict[str, list[Definition]] = {}
        for statement in statements_of(definition.body):
            for name in defined(statement):
                if isinstance(statement, Definition):
                    own.setdefault(name, []).append(statement)
        for name, statements in own.items():
            if name == "__slots__":
                for slot in slots(statements[0]):
                    if not slot.startswith("_") and slot not in own:
                        members.setdefault(slot, [f"{label}.{slot}"])
            elif name in {"__init__", "__new__"}:
                lines = list(function_lines(label, statements, bound=True))
                members.setdefault(name, [line.removesuffix(" -> None") for line in lines])
            elif not name.startswith("_") or PROTOCOL_METHODS.fullmatch(name):
                members.setdefault(name, list(self.member(f"{label}.{name}", statements)))
        if isinstance(init := own.get("__init__", [None])[0], ast.FunctionDef):
            for name, kind in set_by_init(init):
                if not name.startswith("_"):
                    members.setdefault(name, [f"{label}.{name}{kind}"])
        for base in definition.bases:
            target = base.value if isinstance(base, ast.Subscript) else base
            home = self.sources.find(found.module, target.id) if isinstance(target, ast.Name) else None
            ours = home is not None and home.module.partition(".")[0] == found.module.partition(".")[0]
            if home and ours and self.is_public(home):
                bases.append(f"{home.module}.{home.name}")
            elif home and ours and home.statements and isinstance(home.statements[0], ast.ClassDef):
                self.collect(label, home, members, bases)
            else:
                bases.append(ast.unparse(base))

    def member(self, label: str, statements: list[Definition]) -> Iterator[str]:
        """Lines of one member of a class."""
        first = statements[0]
        if isinstance(first, ast.Assign | ast.AnnAssign):
            yield value_line(label, first)
        elif isinstance(first, ast.ClassDef):
            yield f"class {label}"
        elif {"property", "cached_property"} & set(decorators(first)):
            settable = any("setter" in decorators(one) for one in statements)
            kind = f": {ast.unparse(first.returns)}" if first.returns else ""
            yield f"{label}{kind}" + ("" if settable else "  [read-only]")
        else:
            yield from function_lines(label, statements, bound=True)


def public_modules(package: Path) -> list[str]:
    """The public modules of a package.

    Raises:
        LookupError: If its pyproject.toml lists none.
    """
    tools = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf8")).get("tool", {})
    modules: list[str] = tools.get("public-api", {}).get("modules", [])
    if not modules:
        raise LookupError(
            f"{package.name}: list the public modules in its pyproject.toml, under [tool.public-api]"
        )
    return modules


def listings(root: Path) -> dict[str, str]:
    """What each package's API.txt should say.

    Raises:
        LookupError: If a package does not tell its modules, or promises what it does not have.
    """
    packages = sorted(path.parent for path in root.glob("packages/*/pyproject.toml"))
    modules = {package: public_modules(package) for package in packages}
    lister = Lister(Sources(root), frozenset(name for names in modules.values() for name in names))
    texts = {}
    for package, names in modules.items():
        lines = [line for name in sorted(names) for line in ("", *lister.module(name))]
        texts[package.name] = HEADER.format(package=package.name) + "\n".join(lines) + "\n"
    return texts


def names_of(text: str) -> set[str]:
    """The lines of an API.txt that stand for names."""
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def differences(old: str, new: str) -> list[str]:
    """What was removed from or added to a list, a line each, beginning with ``-`` or ``+``."""
    before, after = names_of(old), names_of(new)
    return [f"- {line}" for line in sorted(before - after)] + [f"+ {line}" for line in sorted(after - before)]


def complaint(package: str, listed: str, wanted: str) -> str:
    """What to say of an API.txt that is not as it should be; empty if it is."""
    if listed == wanted:
        return ""
    lines = differences(listed, wanted)
    lost = any(line.startswith("-") for line in lines)
    advice = "What vanishes or changes its signature breaks programs: keep it, or tell so in a line of the"
    return "\n".join(
        (
            f"packages/{package}/API.txt and the code differ (- only in the list, + only in the code):",
            *(f"  {line}" for line in lines),
            *(
                [advice, "changelog that begins with 'Breaking:'."]
                if lost
                else ["New names are promises from now on."]
            ),
            f"Then `hatch run release api {package}`, and commit the list.",
        )
    )


def main(arguments: list[str]) -> int:
    """Write or compare; return the exit status."""
    parser = argparse.ArgumentParser(description="List the public API of the packages in their API.txt.")
    parser.add_argument("--write", action="store_true", help="bring the files up to date")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="only these")
    asked = parser.parse_args(arguments)
    try:
        texts = listings(ROOT)
    except LookupError as error:
        print(error)
        return 1
    if unknown := set(asked.packages) - set(texts):
        print(f"no such package: {', '.join(sorted(unknown))}; there are {', '.join(texts)}")
        return 2
    failed = 0
    for package in asked.packages or texts:
        path = ROOT / "packages" / package / "API.txt"
        listed = path.read_text(encoding="utf8") if path.exists() else ""
        if asked.write and listed != texts[package]:
            path.write_text(texts[package], encoding="utf8")
            print(f"packages/{package}/API.txt: {len(differences(listed, texts[package]))} lines changed")
        elif text := complaint(package, listed, texts[package]):
            failed += 1
            print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
