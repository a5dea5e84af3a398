"""What values become when they are printed: plain data for programs, one cell of a table for people."""

import base64
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(value: Any) -> Any:
    """The same as dicts, lists, text, numbers, booleans and None, which JSON and YAML can write.

    Sets become sorted lists, bytes base64, dates and times ISO 8601; numbers that JSON does not know become
    ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``; what has no form of its own becomes its ``str()``.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=lambda item: (str(type(item)), str(item)))
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _key(key: Any) -> str:
    made = plain(key)
    return made if isinstance(made, str) else json.dumps(made)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON of any value (see ``plain``); only ASCII, so that it can be printed everywhere."""
    return json.dumps(plain(value), indent=indent)


def cell(value: Any) -> str:
    """A value as one line in a table; ``-`` for None and for what is empty."""
    made = plain(value)
    if made is None or made == "" or made == [] or made == {}:
        return "-"
    if isinstance(made, bool):
        return "yes" if made else "no"
    if isinstance(made, list) and all(isinstance(item, str | int | float) for item in made):
        return ", ".join(visible(str(item)) for item in made)
    if isinstance(made, list | dict):
        return json.dumps(made)
    return visible(str(made))


def visible(text: str, *, lines: bool = False) -> str:
    """Text without what could take over a terminal: each control character is written as an escape.

    Args:
        text: The text, which may come from a stranger.
        lines: Whether line ends and tabs are kept.
    """
    kept = "\n\t" if lines else ""
    if text.isprintable():
        return text
    return "".join(_escaped(one) if not one.isprintable() and one not in kept else one for one in text)


def _escaped(character: str) -> str:
    found = _ESCAPES.get(character)
    if found is not None:
        return found
    return character.encode("unicode_escape").decode("ascii")
