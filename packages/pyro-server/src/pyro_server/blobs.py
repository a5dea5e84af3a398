"""The annotation of a blob: which method gets it, and the information that travels beside it.

Stock peers write it with ``marshal``, whose loader can be made to crash the interpreter. This reader knows
the plain types only, and refuses the rest.
"""

import struct
from typing import Any, Final

from pyro_core.errors import SerializeError

MAX_DEPTH: Final = 16
"""Tuples within tuples."""
MAX_DIGITS: Final = 1_000
"""Digits of a whole number, of 15 bits each."""

_REFERENCED: Final = 0x80  # source: CPython Python/marshal.c, FLAG_REF
_CONSTANTS: Final = {b"N": None, b"T": True, b"F": False}
_DIGIT_BITS: Final = 15


def read_blob_annotation(data: bytes) -> tuple[Any, str, str]:
    """Read what a stock peer wrote.

    Args:
        data: marshal of ``(info, object id, method)``.

    Returns:
        The three parts.

    Raises:
        SerializeError: If it is something else, or has other types than None, bool, int, float, str, bytes
            and tuples of them.
    """
    reader = _Reader(data)
    value = reader.value(0)
    if reader.position != len(data) or not isinstance(value, tuple) or len(value) != 3:
        raise _refused("expected (info, object id, method)")
    info, object_id, method = value
    if not isinstance(object_id, str) or not isinstance(method, str):
        raise _refused("object id and method must be text")
    return info, object_id, method


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        self._shared: list[Any] = []

    def value(self, depth: int) -> Any:
        code = self._take(1)[0]
        kind = bytes([code & ~_REFERENCED])
        if kind in (b"(", b")"):
            return self._tuple(kind, depth, shared=bool(code & _REFERENCED))
        if kind == b"r":
            return self._reference()
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        value = self._scalar(kind)
        if code & _REFERENCED:
            self._shared.append(value)
        return value

    def _tuple(self, kind: bytes, depth: int, *, shared: bool) -> tuple[Any, ...]:
        if depth >= MAX_DEPTH:
            raise _refused(f"tuples are nested more than {MAX_DEPTH} deep")
        count = self._take(1)[0] if kind == b")" else self._size()
        if shared:
            self._shared.append(
                None
            )  # a reference to a tuple is refused: a few bytes could stand for gigabytes
        if count > len(self._data) - self.position:
            raise _refused("it is cut off")
        return tuple([self.value(depth + 1) for _ in range(count)])

    def _reference(self) -> Any:
        index = self._size()
        if index >= len(self._shared) or self._shared[index] is None:
            raise _refused("a reference leads nowhere, or to a tuple")
        return self._shared[index]

    def _scalar(self, kind: bytes) -> Any:
        match kind:
            case b"i":
                return int.from_bytes(self._take(4), "little", signed=True)
            case b"l":
                return self._long()
            case b"g":
                return struct.unpack("<d", self._take(8))[0]
            case b"s":
                return self._take(self._size())
            case b"z" | b"Z":
                return self._text(self._take(self._take(1)[0]), "ascii")
            case b"a" | b"A":
                return self._text(self._take(self._size()), "ascii")
            case b"u" | b"t":
                return self._text(self._take(self._size()), "utf-8")
        raise _refused(f"values of marshal type {kind!r} are not read from strangers")

    def _long(self) -> int:
        count = int.from_bytes(self._take(4), "little", signed=True)
        if abs(count) > MAX_DIGITS:
            raise _refused("a number is too large")
        digits = self._take(2 * abs(count))
        number = 0
        for index in range(abs(count)):
            number |= int.from_bytes(digits[2 * index : 2 * index + 2], "little") << (_DIGIT_BITS * index)
        return -number if count < 0 else number

    @staticmethod
    def _text(data: bytes, encoding: str) -> str:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as problem:
            raise _refused(str(problem)) from problem

    def _size(self) -> int:
        size = int.from_bytes(self._take(4), "little", signed=True)
        if size < 0:
            raise _refused(f"a length of {size}")
        return size

    def _take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._data):
            raise _refused("it is cut off")
        piece = self._data[self.position : end]
        self.position = end
        return piece


def _refused(why: str) -> SerializeError:
    return SerializeError(
        f"cannot read the annotation of a serialized blob: {why}; "
        "send info made of text, bytes, numbers, None and tuples",
        serializer="marshal",
    )
