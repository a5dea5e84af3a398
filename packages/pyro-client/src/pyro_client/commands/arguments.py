"""Values as people type them on a command line."""

import ast
import json
from typing import Any

import click


def value_of(text: str, *, as_text: bool = False) -> Any:
    """A Python literal such as ``(1, 'a')``, or JSON such as ``{"a": true}``, if it is one; else the text.

    Args:
        text: What was typed.
        as_text: Take it for text, whatever it looks like.
    """
    if as_text:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def keywords_of(pairs: tuple[str, ...], *, as_text: bool = False) -> dict[str, Any]:
    """Keyword arguments from ``NAME=VALUE`` texts.

    Raises:
        click.BadParameter: If one has another form.
    """
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"expected NAME=VALUE, got {pair!r}", param_hint="--kw")
        found[name] = value_of(text, as_text=as_text)
    return found
