"""Reads the serpent text format, which is one Python literal.

Text that has a JSON look-alike is rewritten into it piece by piece and given to the C scanner of ``json``,
which is many times faster than building a syntax tree. Everything else - sets, keys that are not text, other
spellings of a literal - goes to ``ast.literal_eval``, as stock peers do it. The first way never accepts what
the second would refuse, and gives the same values.
"""

import ast
import binascii
import json
import re
from base64 import b64decode
from json.encoder import encode_basestring
from typing import Any, Final

from pyro_core.alike_keys import FEW, check_keys
from pyro_core.calls import Call
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import as_call
from pyro_serializers.failures import decoding_failed

NAME: Final = "serpent"
HEADER: Final = "# serpent utf-8 python3.2\n"

MOST_CHARS: Final = 4 << 20
"""Longer text is read only if it has a JSON look-alike."""
_DEEPEST: Final = 190  # deeper text is left to the parser, which refuses 200 brackets inside one another
_FEW: Final = 150
_CODE: Final = re.compile(r"(?:[0-9.eE+\-,:\[\]{}() ']++|True|False|None)*+")
_STRINGS: Final = re.compile(r"""('[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+")""")
_JSON_ESCAPES_ONLY: Final = re.compile(r"""'[^\\"]*+(?:\\[nrt\\][^\\"]*+)*+'""")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"()[]{}"))
# Two strings without escapes, printable or not ASCII, and the opening of the arguments.
_CALL_START: Final = re.compile(rf"""{re.escape(HEADER)}\('([^'"\\\x00-\x1f]*)','([^'"\\\x00-\x1f]*)',\(""")
_NUMBERS: Final = re.compile(r"[0-9,\-]++")
# No literal has keywords. Before the parser refuses these it prints a warning, which no stranger shall cause.
_GLUED: Final = re.compile(r"[0-9.a-zA-Z_](?:and|else|for|if|in|is|not|or)")
_WORDS: Final = {"None": None, "True": True, "False": False}
_LONGEST_WORD: Final = max(map(len, _WORDS))
# NUL is refused in the text, and an escaped one sends it to the syntax tree: no received string equals these.
_TUPLE: Final = "\0t"
_END: Final = "\0"
_COMMA: Final = "\0"
_scan_plain: Final = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # missing in the stubs


class _Unusual(Exception):
    """The text needs the real parser."""


_NOT_JSON: Final = (_Unusual, ValueError, StopIteration, RecursionError)
"""What the scanner, and the rewriting before it, raise for text that needs the real parser."""


class SerpentReader:
    """Turns serpent text into values.

    Args:
        codec: Makes objects of dicts that stand for one.
        binary: Whether dicts that stand for bytes become bytes; else they stay what they are.
    """

    __slots__ = ("_binary", "_codec", "_scan")

    def __init__(self, codec: ClassCodec, *, binary: bool = True) -> None:
        self._codec = codec
        self._binary = binary
        decoder = json.JSONDecoder(object_hook=self._json_object)
        self._scan = decoder.scan_once  # type: ignore[attr-defined]  # missing in the stubs

    def value(self, text: str) -> Any:
        """The value of a literal.

        Args:
            text: The literal, with or without the header line.

        Raises:
            SerializeError: If a class in it has no rule here.
            SecurityError: If a class in it has a suspicious name.
            Exception: Whatever Python's parser raises.
        """
        if text.startswith(HEADER):
            literal = text[len(HEADER) :]
            if len(literal) <= _LONGEST_WORD and literal in _WORDS:
                return _WORDS[literal]
            try:
                return self._scanned(literal if _NUMBERS.fullmatch(literal) else _as_json(literal))
            except _NOT_JSON:
                pass  # not a failure yet: the parser below decides
        if "\0" in text:
            problem = f"{NAME} cannot read the received data: it has a NUL character"
            raise SerializeError(problem, serializer=NAME)
        return self._revived(_literal(text))

    def call(self, text: str) -> Call:
        """The call that a literal stands for.

        Args:
            text: As for ``value``.

        Raises:
            SerializeError: If it is no call, or as for ``value``.
            SecurityError: As for ``value``.
            Exception: Whatever Python's parser raises.
        """
        start = _CALL_START.match(text)
        if start is not None and text.endswith("),{})"):
            # What stands between the two is the inside of a tuple, or else it does not parse.
            inside = text[start.end() : -5]
            try:
                return Call(start[1], start[2], self._items(inside) if inside else (), {})
            except _NOT_JSON:
                pass  # not a failure yet: the parser decides
        return as_call(self.value(text), NAME)

    def _items(self, inside: str) -> tuple[Any, ...]:
        """The items of a tuple, given what stands between its parentheses."""
        ends_with_comma = inside[-1] == ","
        if ends_with_comma:
            inside = inside[:-1]
        items = _simple_texts(inside)
        if items is None:
            items = self._scanned(f"[{inside if _NUMBERS.fullmatch(inside) else _as_json(inside)}]")
        if not items or (len(items) == 1 and not ends_with_comma):
            raise _Unusual  # a lone comma, or parentheses around one value, do not make a tuple
        return tuple(items)

    def _scanned(self, rewritten: str) -> Any:
        stands_for_more = "\\u0000" in rewritten or CLASS_KEY in rewritten or "encoding" in rewritten
        value, end = (self._scan if stands_for_more else _scan_plain)(rewritten, 0)
        if end != len(rewritten):
            raise _Unusual
        return value

    def _json_object(self, found: dict[str, Any]) -> Any:
        """What a JSON object stands for: a tuple in disguise, an object of a class, or itself."""
        if _TUPLE in found:
            if len(found) != len((_TUPLE, _END)) or _END not in found:
                raise _Unusual  # it began with a parenthesis and ended with another bracket
            items = found[_TUPLE]
            if items:
                last = items[-1]
                if type(last) is str and last == _COMMA:
                    items.pop()
                elif len(items) == 1:
                    raise _Unusual  # parentheses around one value do not make a tuple
            return tuple(items)
        if CLASS_KEY in found or (len(found) == 2 and "encoding" in found):
            return self._object(found)
        return found

    def _revived(self, value: Any) -> Any:
        """The same value with objects in place of their dicts."""
        kind = type(value)
        if kind is dict:
            revived = {self._revived(key): self._revived(item) for key, item in value.items()}
            if CLASS_KEY in revived or (len(revived) == 2 and "encoding" in revived):
                return self._object(revived)
            return revived
        if kind is list:
            return [self._revived(item) for item in value]
        if kind is tuple:
            return tuple([self._revived(item) for item in value])
        return value  # a set holds nothing that a dict could hide in

    def _object(self, found: dict[Any, Any]) -> Any:
        tag = found.get(CLASS_KEY)
        if tag is None and CLASS_KEY not in found:
            return bytes_of(found) if self._binary else found
        try:
            if tag == "float":
                return float(found["value"])
            if tag == "complex":
                return complex(found["real"], found["imag"])
            if tag == "collections.OrderedDict":
                from collections import OrderedDict

                return OrderedDict(found["items"])
            return self._codec.from_wire(found)
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(NAME, problem) from problem


def _literal(text: str) -> Any:
    """The value of a Python literal.

    Raises:
        SerializeError: If it is too long for Python's parser, or has keys that were chosen to do harm.
        Exception: Whatever that parser raises.
    """
    if len(text) > MOST_CHARS:
        raise SerializeError(
            f"{NAME} cannot read the received data: {len(text)} characters with sets, keys that are not "
            "text, or other things that need Python's parser and a hundred times that memory, and may have "
            f"{MOST_CHARS}; send lists, or use msgpack",
            serializer=NAME,
        )
    if _GLUED.search(_STRINGS.sub("", text.removeprefix(HEADER))):
        problem = f"{NAME} cannot read the received data: a number runs into a keyword"
        raise SerializeError(problem, serializer=NAME)
    if len(text) <= FEW:
        return ast.literal_eval(text)
    tree = ast.parse(text.lstrip(" \t"), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys: list[Any] = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Set):
            keys = list(node.elts)
        else:
            continue
        if len(keys) > FEW:
            check_keys([ast.literal_eval(key) for key in keys], NAME)
    return ast.literal_eval(tree)


def bytes_of(found: dict[Any, Any]) -> Any:
    """The bytes that a dict of base64 text stands for, or the dict if it is another one."""
    data = found.get("data")
    if found["encoding"] == "base64" and isinstance(data, str):
        try:
            return b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            return found  # looks like it, and is not
    return found


def _simple_texts(text: str) -> list[str] | None:
    """The strings, if a text is nothing but strings without escapes and quotes, and commas between them."""
    if text[:1] == text[-1:] == "'" and "\\" not in text and text.isprintable():
        strings = text[1:-1].split("','")
        if text.count("'") == 2 * len(strings):
            return strings
    return None


def _as_json(text: str) -> str:
    """A Python literal rewritten as JSON, without knowing whether it is well-formed.

    Raises:
        _Unusual: If it has something that JSON cannot say.
    """
    if '"' not in text and "\\" not in text:
        parts = text.split("'")  # every second part is the content of a string
        if len(parts) == 1:
            return _json_code(text)
        code = "'".join(parts[::2])
        json_code = _json_code(code)
        if json_code == code:
            return text.replace("'", '"')
        parts[::2] = json_code.split("'")
        return '"'.join(parts)
    parts = _STRINGS.split(text)  # every second part is a string with its quotes
    code = "'".join(parts[::2])
    if code.count("'") != len(parts) // 2:
        raise _Unusual
    parts[::2] = _json_code(code).split("'")
    parts[1::2] = map(_json_string, parts[1::2])
    return "".join(parts)


def _json_code(code: str) -> str:
    """What stands outside of strings, each of which is one quote here, as JSON."""
    if not _CODE.fullmatch(code) or (len(code) > _FEW and not _is_shallow(code)):
        raise _Unusual
    if "(" in code or ")" in code:
        if code.count("(") != code.count(")"):
            raise _Unusual
        code = code.replace(",)", ',"\\u0000")').replace("(", '{"\\u0000t":[').replace(")", '],"\\u0000":0}')
    if "e" in code:
        code = code.replace("True", "true").replace("False", "false").replace("None", "null")
    return code


def _json_string(token: str) -> str:
    """A Python string literal as a JSON one."""
    if "\\" not in token:
        return token if token[0] == '"' else '"' + token[1:-1].replace('"', '\\"') + '"'
    if _JSON_ESCAPES_ONLY.fullmatch(token):
        return f'"{token[1:-1]}"'
    if "\n" in token:
        raise _Unusual
    content = ast.literal_eval(token)
    if "\0" in content:
        raise _Unusual
    return str(encode_basestring(content))


def _is_shallow(code: str) -> bool:
    """Whether the brackets are nested less deep than Python's parser allows."""
    brackets = code.encode().translate(None, _NOT_BRACKETS)
    level = 0
    while len(brackets) > _DEEPEST and level < 8:
        brackets = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        level += 1
    if len(brackets) <= _DEEPEST - level:
        return True
    for bracket in brackets:
        level += 1 if bracket in b"([{" else -1
        if level > _DEEPEST:
            return False
    return True
