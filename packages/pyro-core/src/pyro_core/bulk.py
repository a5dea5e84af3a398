"""Large binary values beside the serialized part of a message, so that nobody has to copy or encode them.

Where both sides agreed on ``buffers``, a large ``bytes``, ``bytearray``, ``memoryview``, ``mmap`` or numpy
array that is an argument, a result, or an element of a short list, tuple or dict that is a result, travels
so: the serialized part has None in its place, the bytes follow it in the payload, and the annotation
``BUFS`` tells what goes where. It is JSON: for each buffer a list of place, kind, size in bytes, and for
arrays their description.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from pyro_core.calls import Call
from pyro_core.errors import ProtocolError, SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_core.wire.message import Buffer

LARGE_BYTES: Final = 1 << 16
"""Smaller values stay where they are."""
MOST_ELEMENTS: Final = 16
"""Containers with more elements are not looked into."""

_SIZED: Final = frozenset({bytes, bytearray})
_COMMON: Final = frozenset({int, str, float, bool, type(None), list, dict, tuple})
_KINDS: Final = frozenset({"bytes", "bytearray", "memoryview", "ndarray"})


class Pieces:
    """A payload in several parts, sent or received one after the other.

    Args:
        parts: The parts.
    """

    __slots__ = ("_size", "parts")

    def __init__(self, parts: Sequence[Buffer]) -> None:
        self.parts = parts
        self._size = sum(map(_size_of, parts))

    def __len__(self) -> int:
        """Bytes in all."""
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self.parts)


class Lifted:
    """What was taken out of a value.

    Attributes:
        value: The value, or pair of arguments and keyword arguments, with None in their places.
        buffers: What was taken out.
        annotation: What goes where, for the message.
    """

    __slots__ = ("annotation", "buffers", "value")

    def __init__(self, value: Any, found: list[tuple[Any, str, Buffer, Any]]) -> None:
        import json

        self.value = value
        self.buffers = [buffer for _, _, buffer, _ in found]
        rows = [[place, kind, _size_of(buffer), about] for place, kind, buffer, about in found]
        self.annotation = json.dumps(rows, separators=(",", ":")).encode()

    def freeze(self) -> None:
        """Nobody else has the buffers, so that they will not change while they wait to be sent."""
        self.buffers = [memoryview(buffer).toreadonly() for buffer in self.buffers]

    def payload(self, body: bytes) -> Pieces:
        """The payload of the message, given the serialized part."""
        return Pieces([body, *self.buffers])


def is_bulky(values: Sequence[Any]) -> bool:
    """Whether ``lift_call`` would find something among positional arguments; quick."""
    for value in values:
        kind = type(value)
        if kind not in _COMMON and _buffer_of(value, kind) is not None:
            return True
    return False


def stays_whole(result: Any) -> bool:
    """Whether ``lift_value`` would find nothing in a list, tuple or dict; quick, and no when in doubt."""
    if len(result) > MOST_ELEMENTS:
        return True
    return _COMMON.issuperset(map(type, result.values() if type(result) is dict else result))


def lift_call(args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Lifted | None:
    """Take large buffers out of the arguments of a call; None if there are none."""
    found: list[tuple[Any, str, Buffer, Any]] = []
    new_args = [_taken(value, index, found) for index, value in enumerate(args)]
    new_kwargs = {name: _taken(value, name, found) for name, value in kwargs.items()} if kwargs else kwargs
    return Lifted((new_args, new_kwargs), found) if found else None


def lift_value(value: Any) -> Lifted | None:
    """Take large buffers out of a result; None if there are none."""
    found: list[tuple[Any, str, Buffer, Any]] = []
    kind = type(value)
    if kind is list or kind is tuple:
        if len(value) <= MOST_ELEMENTS:
            items = [_taken(item, index, found) for index, item in enumerate(value)]
            value = items if kind is list else tuple(items)
    elif kind is dict:
        if len(value) <= MOST_ELEMENTS:
            value = {
                name: _taken(item, name, found) if isinstance(name, str) else item
                for name, item in value.items()
            }
    elif kind not in _COMMON:
        value = _taken(value, None, found)
    return Lifted(value, found) if found else None


def split(payload: Buffer | Pieces, annotation: bytes) -> tuple[bytes, list[tuple[Any, Any]]]:
    """The serialized part of a payload, and the values that belong beside it with their places.

    Raises:
        ProtocolError: If the annotation does not describe the payload.
    """
    rows = _read(annotation)
    sizes = [size for _, _, size, _ in rows]
    body_size = len(payload) - sum(sizes)
    if body_size < 0:
        raise ProtocolError(
            f"buffers of {sum(sizes)} bytes in a payload of {len(payload)} bytes",
            expected=len(payload),
            received=sum(sizes),
        )
    parts = payload.parts if isinstance(payload, Pieces) else [payload]
    groups = _cut(parts, [body_size, *sizes])
    values = [
        (place, _value(kind, group, about))
        for (place, kind, _, about), group in zip(rows, groups[1:], strict=True)
    ]
    return _joined(groups[0]), values


def lower_call(call: Call, values: Sequence[tuple[Any, Any]]) -> Call:
    """Put buffers back among the arguments of a call. Raises ProtocolError if one has no place there."""
    args, kwargs = list(call.args), dict(call.kwargs or {})
    for place, value in values:
        if isinstance(place, int) and 0 <= place < len(args):
            args[place] = value
        elif isinstance(place, str) and place in kwargs:
            kwargs[place] = value
        else:
            raise _no_place(place)
    return Call(call.object_id, call.method, args, kwargs)


def lower_value(result: Any, values: Sequence[tuple[Any, Any]]) -> Any:
    """Put buffers back into a result. Raises ProtocolError if one has no place there."""
    kind = type(result)
    items: Any = list(result) if kind is tuple else result
    for place, value in values:
        if place is None:
            return value
        if not _has(items, place):
            raise _no_place(place)
        items[place] = value
    return tuple(items) if kind is tuple else items


def _size_of(buffer: Buffer) -> int:
    return buffer.nbytes if isinstance(buffer, memoryview) else len(buffer)


def _buffer_of(value: Any, kind: type) -> tuple[str, Buffer, Any] | None:
    """Kind, bytes and description of a large binary value; None for anything else."""
    if kind in _SIZED:
        return (kind.__name__, memoryview(value), None) if len(value) >= LARGE_BYTES else None
    if kind is memoryview:
        if value.nbytes < LARGE_BYTES:
            return None
        return "memoryview", value.cast("B") if value.c_contiguous else memoryview(bytes(value)), None
    if kind.__module__ == "mmap" and kind.__name__ == "mmap" and len(value) >= LARGE_BYTES:
        return "bytes", memoryview(value), None
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray" and "numpy" in sys.modules:
        from pyro_core import arrays

        if value.nbytes >= LARGE_BYTES and not value.dtype.hasobject:
            about, buffer = arrays.describe(value)
            return "ndarray", buffer, about
    return None


def _taken(value: Any, place: Any, found: list[tuple[Any, str, Buffer, Any]]) -> Any:
    kind = type(value)
    if kind in _COMMON:
        return value
    buffer = _buffer_of(value, kind)
    if buffer is None:
        return value
    found.append((place, *buffer))
    return None


def _read(annotation: bytes) -> list[tuple[Any, str, int, Any]]:
    import json

    try:
        rows = [(place, kind, size, about) for place, kind, size, about in json.loads(bytes(annotation))]
        good = all(kind in _KINDS and type(size) is int and size >= 0 for _, kind, size, _ in rows)
    except (ValueError, TypeError, RecursionError):
        good = False
    if not good:
        raise ProtocolError(
            "malformed description of the buffers of a message", received=bytes(annotation)[:80]
        )
    return rows


def _cut(parts: Sequence[Buffer], sizes: Sequence[int]) -> list[list[memoryview]]:
    """The parts, cut anew into groups of these sizes; nothing is copied."""
    groups: list[list[memoryview]] = []
    waiting = [memoryview(part) for part in reversed(parts)]
    for size in sizes:
        group: list[memoryview] = []
        while size:
            piece = waiting.pop()
            if len(piece) > size:
                waiting.append(piece[size:])
                piece = piece[:size]
            group.append(piece)
            size -= len(piece)
        groups.append(group)
    return groups


def _joined(group: list[memoryview]) -> bytes:
    if len(group) == 1 and type(group[0].obj) is bytes and len(group[0].obj) == len(group[0]):
        return group[0].obj
    return b"".join(group)


def _value(kind: str, group: list[memoryview], about: Any) -> Any:
    if kind == "bytearray":
        return bytearray().join(group)
    if kind == "ndarray":
        try:
            from pyro_core import arrays

            return arrays.rebuild(about, bytearray().join(group))
        except ImportError as problem:
            raise SerializeError(
                "a numpy array arrived, and numpy is not installed here: pip install numpy"
            ) from problem
    return _joined(group)


def _has(items: Any, place: Any) -> bool:
    if isinstance(items, list):
        return isinstance(place, int) and 0 <= place < len(items)
    return isinstance(items, dict) and isinstance(place, str) and place in items


def _no_place(place: Any) -> ProtocolError:
    return ProtocolError(f"a buffer of a message has no place in it: {place!r:.80}", received=place)
