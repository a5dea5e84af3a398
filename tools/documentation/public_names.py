"""A Sphinx extension: the directive `public-names` documents what a module offers, from its docstrings.

In a page::

    .. public-names:: pyro_client

documents each name in ``__all__``, or, in a module that has none, each name that is defined there and does
not begin with an underscore. Names of another of our packages are listed, with links to their pages.
"""

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

OUR_PREFIXES: Final = ("pyro_", "Pyro4")


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("public-names", PublicNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class PublicNames(SphinxDirective):  # type: ignore[misc]  # mypy runs where Sphinx is not
    """The directive."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        parent = nodes.Element()
        self.state.nested_parse(StringList(described(self.arguments[0]), self.arguments[0]), 0, parent)
        return [*parent.children]


def public_names(module: ModuleType) -> list[str]:
    """What a module offers, sorted."""
    offered = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    return sorted(name for name in offered if not name.startswith("__"))


def home_of(value: object, module: str) -> str:
    """The top-level package that a value comes from, or that of the module where that cannot be told."""
    home = getattr(value, "__module__", None) or module
    return home.partition(".")[0] if home.startswith(OUR_PREFIXES) else module.partition(".")[0]


def described(name: str) -> list[str]:
    """The text in reStructuredText that documents a module."""
    module = import_module(name)
    own, others = [f".. py:module:: {name}", ""], []
    for each in public_names(module):
        value = getattr(module, each)
        home = home_of(value, name)
        if inspect.ismodule(value):
            others.append(f"``{name}.{each}`` (a module)")
        elif home != name.partition(".")[0]:
            kind = "class" if inspect.isclass(value) else "func"
            others.append(f":py:{kind}:`{home}.{each}`")
        else:
            own += _directive(f"{name}.{each}", value)
    if others:
        own += ["Also here: " + ", ".join(others) + ".", ""]
    return own


def _directive(name: str, value: object) -> list[str]:
    # Links from signatures, which say just "URI", shall lead to ours, not to the facade's.
    options = ["   :no-index:"] if name.startswith("Pyro4.") else []
    if inspect.isclass(value):
        options += ["   :members:"] + (["   :show-inheritance:"] if issubclass(value, Exception) else [])
        return [f".. autoclass:: {name}", *options, ""]
    if callable(value):
        return [f".. autofunction:: {name}", *options, ""]
    return [f".. autodata:: {name}", "   :no-value:", *options, ""]
