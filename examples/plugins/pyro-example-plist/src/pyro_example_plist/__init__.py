"""A serializer that writes Apple property lists.

A property list knows text, whole numbers, floats, booleans, bytes, lists and dicts with text keys. Everything
else, and text with characters that XML forbids or changes, travels as a one-entry dict whose key begins with
``!`` and names the kind.
"""

import plistlib
from collections.abc import Mapping
from typing import Any, ClassVar

from pyro_core.alike_keys import check_keys
from pyro_core.errors import PyroError, SerializeError
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Buffer

__all__ = ["PlistSerializer"]

_LARGEST_INT = 1 << 63
_MAX_DEPTH = 100


class PlistSerializer(Serializer):
    """The serializer ``plist``."""

    name: ClassVar[str] = "plist"
    wire_ids: ClassVar[Mapping[int, int]] = {PROTOCOL_502: 128, PROTOCOL_48: 128}
    safe: ClassVar[bool] = True

    def encode_value(self, value: object) -> bytes:
        """Encode any value; see ``Serializer``."""
        try:
            return plistlib.dumps(self._plain(value, 0), sort_keys=False)
        except PyroError:
            raise
        except Exception as problem:
            raise SerializeError(
                f"plist cannot encode {type(value)!r}: {problem}", serializer=self.name
            ) from problem

    def decode_value(self, data: Buffer) -> Any:
        """Decode bytes; see ``Serializer``."""
        try:
            return self._back(plistlib.loads(bytes(data), fmt=plistlib.FMT_XML), 0)
        except PyroError:
            raise
        except Exception as problem:  # the XML parser has many ways to say no
            raise SerializeError(f"not a property list: {problem}", serializer=self.name) from problem

    def _plain(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise SerializeError(f"nested deeper than {_MAX_DEPTH} levels", serializer=self.name)
        kind = type(value)
        if kind in (bool, bytes):
            return value
        if kind is str:
            return value if value.isprintable() else {"!str": value.encode()}
        if kind is int and -_LARGEST_INT <= value < _LARGEST_INT:
            return value
        if kind is list:
            return [self._plain(item, depth + 1) for item in value]
        if kind is dict and all(map(_is_plain_key, value)):
            return {key: self._plain(item, depth + 1) for key, item in value.items()}
        if value is None:
            return {"!none": ""}
        if kind in (int, float, complex):
            return {f"!{kind.__name__}": repr(value)}
        if kind in (tuple, set, frozenset):
            return {f"!{kind.__name__}": [self._plain(item, depth + 1) for item in value]}
        if kind is dict:
            return {
                "!dict": [[self._plain(k, depth + 1), self._plain(v, depth + 1)] for k, v in value.items()]
            }
        if kind in (bytearray, memoryview):
            return bytes(value)
        return self._plain(self.codec.to_wire(value), depth)

    def _back(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise SerializeError(f"nested deeper than {_MAX_DEPTH} levels", serializer=self.name)
        if isinstance(value, list):
            return [self._back(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key.startswith("!"):
                return self._tagged(key[1:], inner, depth)
        decoded = {key: self._back(item, depth + 1) for key, item in value.items()}
        return self.codec.from_wire(decoded) if "__class__" in decoded else decoded

    def _tagged(self, kind: str, inner: Any, depth: int) -> Any:
        numbers = {"int": int, "float": float, "complex": complex}
        groups = {"tuple": tuple, "set": set, "frozenset": frozenset}
        if kind == "none":
            return None
        if kind == "str":
            return inner.decode()
        if kind in numbers:
            return numbers[kind](inner)
        items = self._back(inner, depth + 1)
        if kind in groups:
            if kind != "tuple":
                check_keys(items, self.name)
            return groups[kind](items)
        if kind == "dict":
            check_keys([key for key, _ in items], self.name)
            return dict(items)
        raise SerializeError(f"unknown kind of value {kind!r}", serializer=self.name)


def _is_plain_key(key: object) -> bool:
    return type(key) is str and key.isprintable() and not key.startswith("!")
