"""Annotations of other people's source, turned into ones that hold in a module of their own.

Only types that everybody has are taken over: those of the language and of some modules of the standard
library. Nothing of the text is executed or copied; what is written comes from the tables here.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

_PLAIN: Final = {
    "builtins": """
        int float complex bool str bytes bytearray memoryview object range slice BaseException Exception
    """,
    "typing": "Any LiteralString Never NoReturn SupportsFloat SupportsInt",
    "collections.abc": "Hashable Sized",
    "datetime": "date datetime time timedelta timezone tzinfo",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "pathlib": "Path PurePath PurePosixPath PureWindowsPath",
    "uuid": "UUID",
}
_OF_ONE_TYPE: Final = """
    AsyncIterable AsyncIterator Awaitable Collection Container Iterable Iterator KeysView MutableSequence
    MutableSet Reversible Sequence Set ValuesView
"""
_GENERIC: Final = {
    "builtins": {"list": 1, "set": 1, "frozenset": 1, "type": 1, "dict": 2},
    "collections": {"deque": 1, "Counter": 1, "OrderedDict": 2, "defaultdict": 2},
    "collections.abc": dict.fromkeys(_OF_ONE_TYPE.split(), 1)
    | {"AsyncGenerator": 2, "ItemsView": 2, "Mapping": 2, "MutableMapping": 2}
    | {"Coroutine": 3, "Generator": 3},
}
"""Module -> class -> how many types it takes."""

_OTHER_NAMES: Final = {
    "AbstractSet": ("collections.abc", "Set"),
    "DefaultDict": ("collections", "defaultdict"),
    "Deque": ("collections", "deque"),
    "Dict": ("builtins", "dict"),
    "FrozenSet": ("builtins", "frozenset"),
    "List": ("builtins", "list"),
    "Text": ("builtins", "str"),
    "Tuple": ("builtins", "tuple"),
    "Type": ("builtins", "type"),
}
"""Names of ``typing`` for what has another name now; its ``Set`` is the builtin one."""
_FORMS: Final = frozenset({"Annotated", "Literal", "Optional", "Union"})


def _homes() -> dict[str, tuple[str, str]]:
    """Every way to write a known name -> its module and its name there."""
    homes: dict[str, tuple[str, str]] = {}
    tables = [(module, names.split()) for module, names in _PLAIN.items()]
    tables += [(module, list(names)) for module, names in _GENERIC.items()]
    tables += [("builtins", ["tuple"]), ("collections.abc", ["Callable"]), ("typing", sorted(_FORMS))]
    for module, names in tables:
        for name in names:
            homes[f"{module}.{name}"] = homes[name] = (module, name)
            if module.startswith("collections"):
                homes[f"typing.{name}"] = (module, name)
    for name, home in _OTHER_NAMES.items():
        homes[name] = homes[f"typing.{name}"] = home
    homes["typing.Set"] = ("builtins", "set")
    return homes


_HOMES: Final = _homes()


class Imports:
    """Which names a module uses, and how it imports them.

    Args:
        taken: Names that mean something else in the module, such as those of the methods of its class.
    """

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = frozenset(taken)
        self._modules: set[str] = set()
        self._names: dict[str, set[str]] = defaultdict(set)

    def use(self, module: str, name: str) -> str:
        """How to write a name of a module, which is imported from now on."""
        if name in self._taken:
            self._modules.add(module)
            return f"{_alias(module)}.{name}"
        if module != "builtins":
            self._names[module].add(name)
        return name

    def lines(self) -> list[str]:
        """The import statements, in the usual order."""
        plain = [f"import {module} as {_alias(module)}" for module in sorted(self._modules)]
        return plain + [_from(module, sorted(names)) for module, names in sorted(self._names.items())]


class Types:
    """Turns the text of annotations into types that can be written in a module.

    Args:
        imports: Gets the names that are used.

    Attributes:
        unknown: Whether the last annotation had parts that became ``Any``.
    """

    def __init__(self, imports: Imports) -> None:
        self._imports = imports
        self.unknown = False

    def any(self) -> str:
        """``Any``, as it is written here."""
        return self._imports.use("typing", "Any")

    def read(self, text: str) -> str:
        """An annotation as it can be written here; ``Any`` for none.

        Args:
            text: As its source has it.
        """
        self.unknown = False
        return self._parsed(text) if text else self.any()

    def items(self, text: str, iterators: Collection[str]) -> str | None:
        """What an iterator of that annotation yields.

        Args:
            text: The annotation.
            iterators: Names of classes that count as iterators.

        Returns:
            The type of the items; None if it is no iterator.
        """
        self.unknown = False
        node = _tree(text)
        value = node.value if isinstance(node, ast.Subscript) else node
        if node is None or _home(value)[1] not in iterators:
            return None
        if not isinstance(node, ast.Subscript):
            return self.any()
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self._type(arguments[0]) if arguments else self.any()

    def _parsed(self, text: str) -> str:
        node = _tree(text)
        return self._not_known() if node is None else self._type(node)

    def _not_known(self) -> str:
        self.unknown = True
        return self.any()

    def _type(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=None):
                return "None"
            case ast.Constant(value=str(text)):
                return self._parsed(text)
            case ast.BinOp(op=ast.BitOr()):
                return " | ".join(dict.fromkeys(self._parts(node)))
            case ast.Subscript(value=value) if _home(value)[1] in {"Optional", "Union"}:
                return " | ".join(dict.fromkeys(self._parts(node))) or self._not_known()
            case ast.Subscript(value=value, slice=ast.Tuple(elts=arguments)):
                return self._subscripted(value, arguments)
            case ast.Subscript(value=value, slice=argument):
                return self._subscripted(value, [argument])
        module, name = _home(node)
        if not module or name in _FORMS:
            return self._not_known()
        return self._imports.use(module, name) + self._bare(module, name)

    def _bare(self, module: str, name: str) -> str:
        """What strict checkers want after a generic class that has no types given."""
        count = _GENERIC.get(module, {}).get(name, 0)
        if name == "Callable":
            return f"[..., {self.any()}]"
        if (module, name) == ("builtins", "tuple"):
            return f"[{self.any()}, ...]"
        return f"[{', '.join([self.any()] * count)}]" if count else ""

    def _parts(self, node: ast.expr) -> list[str]:
        """The members of a union, those of unions within it included."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._parts(node.left) + self._parts(node.right)
        name = _home(node.value)[1] if isinstance(node, ast.Subscript) else ""
        if not isinstance(node, ast.Subscript) or name not in {"Optional", "Union"}:
            return [self._type(node)]
        members = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        parts = [part for member in members for part in self._parts(member)]
        return [*parts, "None"] if name == "Optional" else parts

    def _subscripted(self, value: ast.expr, arguments: Sequence[ast.expr]) -> str:
        module, name = _home(value)
        if name == "Annotated":
            return self._type(arguments[0])
        if name == "Literal":
            return self._literal(arguments)
        if (module, name) == ("builtins", "tuple"):
            return f"{self._imports.use(module, name)}[{self._tuple_items(arguments)}]"
        if name == "Callable" and len(arguments) == 2:
            taken, returned = self._taken(arguments[0]), self._type(arguments[1])
            return f"{self._imports.use(module, name)}[{taken}, {returned}]"
        if len(arguments) != _GENERIC.get(module, {}).get(name, 0):
            return self._not_known()
        inner = ", ".join([self._type(argument) for argument in arguments])
        return f"{self._imports.use(module, name)}[{inner}]"

    def _tuple_items(self, arguments: Sequence[ast.expr]) -> str:
        if not arguments:
            return "()"
        if len(arguments) == 2 and _is_ellipsis(arguments[1]):
            return f"{self._type(arguments[0])}, ..."
        return ", ".join([self._type(argument) for argument in arguments])

    def _taken(self, node: ast.expr) -> str:
        if isinstance(node, ast.List):
            return f"[{', '.join([self._type(item) for item in node.elts])}]"
        self.unknown |= not _is_ellipsis(node)
        return "..."

    def _literal(self, arguments: Sequence[ast.expr]) -> str:
        values = []
        for argument in arguments:
            try:
                value = ast.literal_eval(argument)
            except ValueError:
                return self._not_known()
            if not (value is None or isinstance(value, bool | int | str | bytes)):
                return self._not_known()
            values.append(text_of(value))
        return f"{self._imports.use('typing', 'Literal')}[{', '.join(values)}]"


def text_of(value: object) -> str:
    """A plain value as source text, with double quotes where they need no escapes."""
    text = ascii(value) if isinstance(value, str | bytes) and not str(value).isprintable() else repr(value)
    quoted = isinstance(value, str) and text.startswith("'") and '"' not in text and "\\" not in text
    return f'"{text[1:-1]}"' if quoted else text


def _tree(text: str) -> ast.expr | None:
    """The annotation as a tree; None if it is no expression."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _home(node: ast.expr | None) -> tuple[str, str]:
    """Module and name that a name stands for; two empty texts if it is not known."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "", ""
    return _HOMES.get(".".join([node.id, *parts]), ("", ""))


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _alias(module: str) -> str:
    return "_" + module.replace(".", "_")


def _from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    rows = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{rows})"
