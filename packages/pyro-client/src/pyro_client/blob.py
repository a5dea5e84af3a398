"""Calls whose argument stays serialized on its way through dispatchers (``pyro_core.calls.Blob``)."""

from __future__ import annotations

import marshal
from collections.abc import Mapping, Sequence

from pyro_core.calls import Blob
from pyro_core.errors import SerializeError
from pyro_core.serializer import Serializer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

MAX_INFO_DEPTH: Final = 15
"""Tuples within tuples in a blob's info. Our servers read as many."""
MAX_INFO_BITS: Final = 15_000
"""Size of a whole number in a blob's info. Our servers read as much."""

_VERSION: Final = 2  # of the format; every Python reads it, and it has no references
_PLAIN: Final = frozenset({type(None), bool, float, bytes})


def encode_blob(
    serializer: Serializer, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
) -> tuple[bytes, bytes]:
    """The payload and the annotation of a call with a blob.

    A blob that was received is passed on as it is if its bytes can be understood at the other side; else its
    value is decoded and encoded anew.

    Args:
        serializer: Of the connection.
        object_id: Which object.
        method: Which method.
        args: The blob.
        kwargs: Nothing.

    Raises:
        SerializeError: If there are more arguments, or if the value, or the info, cannot travel.
    """
    if len(args) != 1 or kwargs:
        raise SerializeError(
            f"a Blob must be the only argument of its call, got {len(args)} positional and "
            f"{len(kwargs or ())} keyword arguments; put the rest into its value, or into its info"
        )
    blob: Blob = args[0]
    annotation = encode_info(blob.info, object_id, method)
    if blob.serializer is not None and _alike(blob.serializer, serializer):
        return bytes(blob.data), annotation
    # Not encode_call: at the other side stock peers read a plain sequence, also with json.
    return serializer.encode_value((object_id, method, blob.deserialized(), {})), annotation


def encode_info(info: Any, object_id: str, method: str) -> bytes:
    """The annotation of a blob, as stock peers write it and everybody reads it.

    Args:
        info: None, bool, int, float, str, bytes, or tuples of them.
        object_id: Which object gets the blob.
        method: Which method.

    Raises:
        SerializeError: If the info holds something else, or is too deep or too large.
    """
    _check(info, 0)
    return marshal.dumps((info, object_id, method), _VERSION)


def _check(info: Any, depth: int) -> None:
    kind = type(info)
    if kind is tuple:
        if depth >= MAX_INFO_DEPTH:
            raise _refused(f"tuples nested more than {MAX_INFO_DEPTH} deep")
        for item in info:
            _check(item, depth + 1)
    elif kind is str:
        try:
            info.encode()
        except UnicodeEncodeError as problem:
            raise _refused(f"text that is no Unicode: {problem}") from problem
    elif kind is int:
        if info.bit_length() > MAX_INFO_BITS:
            raise _refused(f"a number of more than {MAX_INFO_BITS} bits")
    elif kind not in _PLAIN:
        raise _refused(f"a {kind.__qualname__}")


def _refused(what: str) -> SerializeError:
    return SerializeError(
        f"the info of a Blob cannot hold {what}; use text, bytes, numbers, None and tuples of them, and put "
        "everything else into its value"
    )


def _alike(mine: Serializer, other: Serializer) -> bool:
    """Whether one may read what the other has written: same format, protocol version and kind of types."""
    return (
        type(mine) is type(other)
        and mine.codec.version == other.codec.version
        and (mine.faithful() is mine) == (other.faithful() is other)
    )
