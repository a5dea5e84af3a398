"""How large a value will be, roughly, without serializing it."""

from typing import Any, Final

_SMALL: Final = 4
"""Bytes that any value takes at least; real formats take more for most."""
_WITH_LENGTH: Final = frozenset({str, bytes, bytearray, memoryview})
_ITERABLE: Final = frozenset({list, tuple, set, frozenset})


def rough_size(value: Any, enough: int) -> int:
    """A lower estimate of the serialized size of a value of plain types, in bytes.

    Something that occurs twice counts twice, as it is serialized twice.

    Args:
        value: The value.
        enough: Stop counting beyond that many bytes.
    """
    size = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in _WITH_LENGTH:
            size += len(item)
        elif kind in _ITERABLE:
            waiting.extend(item)
        elif kind is dict:
            waiting.extend(item.keys())
            waiting.extend(item.values())
        size += _SMALL
        if size > enough:
            break
    return size
