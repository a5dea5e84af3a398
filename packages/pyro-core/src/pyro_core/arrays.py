"""numpy arrays as a small description and one buffer. numpy itself is imported when the first one comes by.

The description is plain data that JSON can carry: data type, shape, order. A simple data type is numpy's text
for it, such as ``"<f8"``; a structured one is ``[bytes per item, [name, type, offset, shape], ...]``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from pyro_core.errors import SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_core.wire.message import Buffer

MOST_DIMENSIONS: Final = 32
MOST_FIELDS: Final = 1_000
"""Fields of a structured data type, those of its parts included."""
MOST_ITEM_BYTES: Final = 1 << 24

_MOST_LEVELS: Final = 8
_SIMPLE_TYPE: Final = re.compile(
    r"[<>|](?:[biufc][0-9]{1,2}|[SUV][0-9]{1,8}|[mM]8(?:\[[0-9]{0,9}[A-Za-zμ]{1,2}\])?)"
)
_ORDERS: Final = ("C", "F")


def describe(array: Any) -> tuple[list[Any], memoryview]:
    """What another process needs to make the same array.

    Args:
        array: The array. One that is contiguous, in either order, is not copied.

    Returns:
        Its description, and its bytes.

    Raises:
        SerializeError: If it holds Python objects, or is of a kind of its own, such as a masked array.
    """
    import numpy

    kind = type(array)
    if kind is not numpy.ndarray and kind is not numpy.memmap:
        raise SerializeError(
            f"a {kind.__module__}.{kind.__name__} cannot travel as an array; send numpy.asarray(...) of it"
        )
    about = [_describe_type(array.dtype), list(array.shape), "C"]
    if not array.flags.c_contiguous:
        if array.flags.f_contiguous:
            about[2] = "F"
            array = array.T
        else:
            array = numpy.ascontiguousarray(array)
    return about, memoryview(array.reshape(-1).view(numpy.uint8))


def rebuild(about: Any, buffer: Buffer) -> Any:
    """The array that a description and a buffer stand for, without copying.

    It can be written to if the buffer can.

    Raises:
        SerializeError: If the description is not a good one, or not one of this buffer.
        ImportError: If numpy is not installed.
    """
    import numpy

    try:
        described, shape, order = about
        dtype = numpy.dtype(_read_type(described, [MOST_FIELDS], _MOST_LEVELS))
        _check(_is_shape(shape) and order in _ORDERS and 0 < dtype.itemsize <= MOST_ITEM_BYTES)
        _check(not dtype.hasobject)
        wanted, given = math.prod(shape) * dtype.itemsize, memoryview(buffer).nbytes
        if wanted != given:
            raise SerializeError(f"an array of {wanted} bytes arrived with {given} bytes of data")
        return numpy.ndarray(tuple(shape), dtype, buffer, order=order)
    except (TypeError, ValueError, KeyError, RecursionError, OverflowError, SyntaxError) as problem:
        raise SerializeError(
            f"cannot read the description of a received array: {problem}; it is {about!r:.120}"
        ) from problem


def _describe_type(dtype: Any) -> Any:
    import numpy

    if dtype.hasobject:
        raise SerializeError(
            "an array of Python objects cannot travel; send a list (array.tolist()), "
            "or an array of numbers, texts or times"
        )
    if not 0 < dtype.itemsize <= MOST_ITEM_BYTES:
        raise SerializeError(
            f"an array with items of {dtype.itemsize} bytes cannot travel; 1 to {MOST_ITEM_BYTES} bytes can"
        )
    if dtype.names is None:
        text = dtype.str
        # A type that numpy does not have by itself would not come back.
        if _SIMPLE_TYPE.fullmatch(text) and numpy.dtype(text) == dtype:
            return text
        raise SerializeError(f"an array of {dtype!r} cannot travel; convert it with astype(...)")
    fields = []
    for name in dtype.names:
        part, offset = dtype.fields[name][:2]
        shape: tuple[int, ...] = ()
        if part.subdtype is not None:
            part, shape = part.subdtype
        fields.append([name, _describe_type(part), offset, list(shape)])
    return [dtype.itemsize, *fields]


def _read_type(described: Any, fields_left: list[int], levels_left: int) -> Any:
    """What ``numpy.dtype`` takes for a described type; ValueError if it is not well described."""
    if isinstance(described, str):
        _check(_SIMPLE_TYPE.fullmatch(described) is not None)
        return described
    _check(isinstance(described, Sequence) and levels_left > 0)
    size, *fields = described
    fields_left[0] -= len(fields)
    _check(type(size) is int and 0 < size <= MOST_ITEM_BYTES and fields_left[0] >= 0)
    names, formats, offsets = [], [], []
    for name, part, offset, shape in fields:
        _check(isinstance(name, str) and type(offset) is int and 0 <= offset <= size and _is_shape(shape))
        names.append(name)
        formats.append((_read_type(part, fields_left, levels_left - 1), tuple(shape)))
        offsets.append(offset)
    return {"names": names, "formats": formats, "offsets": offsets, "itemsize": size}


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list | tuple)
        and len(shape) <= MOST_DIMENSIONS
        and all(type(side) is int and side >= 0 for side in shape)
    )


def _check(good: bool) -> None:
    if not good:
        raise ValueError("it is malformed, or beyond the limits")
