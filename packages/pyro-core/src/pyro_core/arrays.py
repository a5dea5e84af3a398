"""Numpy arrays as bytes and a description, and back, without copying. Needs the extra ``numpy``.

The module ``numpy`` is imported when an array arrives; one that is sent is there already.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyro_core.errors import SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_core.wire.message import Buffer

MOST_DIMENSIONS: Final = 64
_MOST_TYPE_CHARS: Final = 10_000


def describe(array: Any) -> tuple[dict[str, Any], memoryview]:
    """What there is to say about an array beside its bytes, and the bytes.

    Args:
        array: The array. One that is not contiguous is copied once.

    Returns:
        A dict of plain values with ``dtype``, ``shape`` and ``order``, and the bytes.

    Raises:
        SerializeError: If it holds Python objects.
    """
    if array.dtype.hasobject:
        raise SerializeError(
            f"an array of dtype {array.dtype} holds Python objects, which cannot travel; "
            "send array.tolist(), or an array of numbers"
        )
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    data = array if array.flags.c_contiguous or order == "F" else array.copy()
    flat = data.reshape(-1, order=order)
    about = {"dtype": _dtype_text(array.dtype), "shape": list(array.shape), "order": order}
    return about, memoryview(flat.view("uint8") if flat.size else b"").cast("B")


def rebuild(about: Any, buffer: Buffer) -> Any:
    """The array that was described.

    Args:
        about: What ``describe`` gave.
        buffer: The bytes; the array lives in them, and can be written to if they can.

    Raises:
        SerializeError: If the two do not fit together, or the description is no such thing.
        ImportError: If numpy is not installed.
    """
    import numpy

    try:
        dtype = _dtype(numpy, about["dtype"])
        shape = about["shape"]
        good = (
            isinstance(about, Mapping)
            and len(shape) <= MOST_DIMENSIONS
            and all(type(size) is int and size >= 0 for size in shape)
            and about["order"] in ("C", "F")
        )
        if not good or dtype.hasobject:
            raise ValueError(f"no description of an array: {about!r:.120}")
        count = 1
        for size in shape:
            count *= size
        if count * dtype.itemsize != len(memoryview(buffer).cast("B")):
            raise ValueError(f"{len(buffer)} bytes are not an array of shape {shape} and dtype {dtype}")
        if not count:
            return numpy.empty(shape, dtype, order=about["order"])
        return numpy.frombuffer(buffer, dtype).reshape(shape, order=about["order"])
    except (KeyError, TypeError, ValueError, SyntaxError) as problem:
        raise SerializeError(f"cannot read a received array: {problem}") from problem


def _dtype_text(dtype: Any) -> Any:
    """A dtype as plain values: its code, or for a structure the list of its fields."""
    return dtype.str if dtype.names is None else [list(field) for field in _fields(dtype)]


def _fields(dtype: Any) -> list[tuple[Any, ...]]:
    described = []
    for name, code, *shape in dtype.descr:
        described.append((name, code if isinstance(code, str) else [list(field) for field in code], *shape))
    return described


def _dtype(numpy: Any, text: Any) -> Any:
    if isinstance(text, str) and len(text) <= _MOST_TYPE_CHARS:
        return numpy.dtype(text)
    return numpy.dtype([_field(field) for field in text])


def _field(field: Any) -> tuple[Any, ...]:
    name, code, *shape = field
    if not isinstance(code, str):
        code = [_field(inner) for inner in code]
    return (name, code, *(tuple(size) if isinstance(size, list) else size for size in shape))
