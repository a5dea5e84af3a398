"""Writes plain data as YAML. A writer is all that is needed here, and that is less than a dependency."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from pyro_cli.plain_values import plain

_BARE: Final = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.@+-]*(?:[: ][A-Za-z0-9_/.@+-]+)*")
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_NUMBERLIKE: Final = re.compile(r"[.+-]*(?:\d.*|inf|nan)", re.IGNORECASE)


def yaml_text(value: Any) -> str:
    """YAML in block style of any value (see ``plain``), with a line end after the last line.

    Text is bare where no reader of YAML 1.1 or 1.2 can take it for anything else, and otherwise quoted as in
    JSON, which YAML includes.
    """
    return "".join(f"{line}\n" for line in _lines(plain(value)))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(f"{_text(key)}:", item, "  ")
    elif isinstance(value, list) and value:
        for item in value:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry(key: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict | list) and item:
        yield key
        # A list may stand under its key without indentation, as people write it.
        yield from (f"{indent * isinstance(item, dict)}{line}" for line in _lines(item))
    else:
        yield f"{key} {_scalar(item)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        digits, e, exponent = repr(value).partition("e")
        # YAML 1.1 takes 1e+16 for text: it wants a dot.
        return f"{digits}{'' if '.' in digits else '.0'}{e}{exponent}"
    return json.dumps(value)


def _text(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _WORDS and not _NUMBERLIKE.fullmatch(text):
        return text
    return "".join(map(_printable, json.dumps(text, ensure_ascii=False)))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
