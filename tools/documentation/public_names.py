"""A Sphinx extension: the directive `public-names` documents what a module offers, from its docstrings.

In a page::

    .. public-names:: pyro_client

documents each name in ``__all__``, or, in a module that has none, each function, class and documented value
that is defined there and does not begin with an underscore. What is documented already is listed, with links:
what comes from another of our packages, and what an earlier module of the page has.
"""

import inspect
import tomllib
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

ROOT: Final = Path(__file__).resolve().parents[2]
OUR_PREFIXES: Final = ("pyro_", "Pyro4")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("public-names", PublicNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class PublicNames(SphinxDirective):  # type: ignore[misc]  # mypy runs where Sphinx is not
    """The directive."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        before = self.env.current_document.setdefault("public_names", {})
        lines = described(self.arguments[0], before)
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, self.arguments[0]), 0, parent)
        return [*parent.children]


def described(name: str, before: dict[int, str]) -> list[str]:
    """The text in reStructuredText that documents a module.

    Args:
        name: The module.
        before: What the page has already: identity of an object -> its full name. Grows.
    """
    module = import_module(name)
    lines, others = [f".. py:module:: {name}", ""], []
    for each in public_names(module):
        value = getattr(module, each)
        if inspect.ismodule(value):
            others.append(f"``{name}.{each}`` (a module)")
            continue
        known = before.get(id(value)) or elsewhere(each, value, name)
        if known:
            others.append(f":py:obj:`{known}`")
        else:
            lines += _directive(f"{name}.{each}", value)
            if callable(value):
                before[id(value)] = f"{name}.{each}"
    if others:
        lines += ["Also here: " + ", ".join(others) + ".", ""]
    return lines


def public_names(module: ModuleType) -> list[str]:
    """What a module offers, sorted."""
    offered = getattr(module, "__all__", None)
    if offered is None:
        offered = documented_values(module.__name__) | {
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__
        }
    return sorted(name for name in offered if not name.startswith("_"))


def documented_values(module: str) -> set[str]:
    """Constants and type aliases of a module that have a docstring."""
    return {name for scope, name in ModuleAnalyzer.for_module(module).find_attr_docs() if not scope}


def elsewhere(name: str, value: Any, module: str) -> str:
    """Where something is documented that comes from another package, as its full name; empty if here."""
    home = getattr(value, "__module__", None) or module
    top = home.partition(".")[0]
    if top == module.partition(".")[0] or not home.startswith(OUR_PREFIXES):
        return ""
    if name in getattr(import_module(top), "__all__", ()):
        return f"{top}.{name}"
    return f"{home}.{name}" if inspect.isclass(value) else ""


def class_options(cls: type) -> list[str]:
    """What is shown of a class: its own members, and those of bases that are not documented themselves."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith(OUR_PREFIXES)]
    told = [base for base in bases if base in documented_classes()]
    untold = [base for base in bases if not any(base in each.__mro__ for each in told)]
    options = ["   :members:", *["   :show-inheritance:"] * bool(told)]
    if untold:
        stop = [base.__name__ for base in cls.__mro__[1:] if base not in untold]
        options.append(f"   :inherited-members: {', '.join(stop)}")
    return options


@cache
def documented_classes() -> frozenset[type]:
    """The public classes of all our packages."""
    found: set[type] = set()
    for package in ROOT.glob("packages/*/pyproject.toml"):
        for name in tomllib.loads(package.read_text("utf-8"))["tool"]["public-api"]["modules"]:
            module = import_module(name)
            found.update(
                value for each in public_names(module) if inspect.isclass(value := getattr(module, each))
            )
    return frozenset(found)


def _directive(name: str, value: object) -> list[str]:
    # Links from signatures, which say just "URI", shall lead to ours, not to the facade's.
    options = ["   :no-index:"] if name.startswith("Pyro4.") else []
    if inspect.isclass(value):
        options += class_options(value)
        return [f".. autoclass:: {name}", *options, ""]
    if callable(value):
        return [f".. autofunction:: {name}", *options, ""]
    if name.rpartition(".")[2] not in documented_values(name.rpartition(".")[0]):
        return [f".. py:data:: {name}", *options, ""]  # autodata would show the docstring of its type
    return [f".. autodata:: {name}", "   :no-value:", *options, ""]
