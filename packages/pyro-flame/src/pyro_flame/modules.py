"""Modules made of source text, and the source of modules."""

import inspect
import sys
from collections.abc import MutableMapping
from types import ModuleType
from typing import Any

MADE_HERE = "<dynamic-module>"
"""File name of a module that has no file, in tracebacks."""


def run_source(source: str, filename: str, namespace: dict[str, Any]) -> None:
    """Execute statements.

    Args:
        source: The statements.
        filename: What tracebacks call them.
        namespace: Global names of the code, which it changes.

    Raises:
        SyntaxError: If it is not Python.
    """
    exec(compile(source, filename, "exec", dont_inherit=True), namespace)


def create_module(
    name: str, source: str, filename: str = MADE_HERE, namespace: MutableMapping[str, Any] | None = None
) -> ModuleType:
    """A module made of source text, which can be imported from then on; one of that name is replaced.

    Packages that it is to be in are made too if they do not exist.

    Args:
        name: Its full name.
        source: Its source.
        filename: What tracebacks call it.
        namespace: Put it there under its name, instead of among the imported modules.

    Raises:
        ValueError: If the name has an empty part.
        SyntaxError: If the source is not Python. Whatever it raises when executed is raised here, too.
    """
    parts = name.split(".")
    if not all(parts):
        raise ValueError(f"not the name of a module: {name!r}")
    code = compile(source, filename, "exec", dont_inherit=True)
    known: MutableMapping[str, Any] = sys.modules if namespace is None else namespace
    module = ModuleType(name)
    owner = _package(known, parts[:-1])
    before = known.get(name)
    known[name] = module  # before it runs, as import does it
    try:
        exec(code, vars(module))
    except BaseException:
        if before is None:
            del known[name]
        else:
            known[name] = before
        raise
    if owner is not None:
        setattr(owner, parts[-1], module)
    return module


def _package(known: MutableMapping[str, Any], parts: list[str]) -> Any:
    """The package with these names, made as far as it is not there."""
    owner = None
    for depth, part in enumerate(parts, 1):
        name = ".".join(parts[:depth])
        package = known.get(name)
        if package is None:
            package = known[name] = ModuleType(name)
            package.__path__ = []
        if owner is not None and getattr(owner, part, None) is not package:
            setattr(owner, part, package)
        owner = package
    return owner


def module_source(module: ModuleType) -> str:
    """The source of a module.

    Raises:
        TypeError: If it is a built-in one.
        OSError: If its source is not there.
    """
    return inspect.getsource(module)
