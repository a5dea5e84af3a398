"""The contract of a serializer plugin.

A third party writes one class, one entry point in the group ``pyro.serializers``, and one test that calls
``pyro_core.testing.serializers``'s suite.
"""

from __future__ import annotations

import abc
import reprlib
from collections.abc import Mapping, Sequence

from pyro_core.calls import Call
from pyro_core.convert import ClassCodec
from pyro_core.errors import SerializeError
from pyro_core.wire.message import Buffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class Serializer(abc.ABC):
    """Turns values and calls into bytes and back. One instance serves one daemon or proxy and one version.

    Implementations are thread-safe: several threads encode and decode with one instance at a time. They
    raise ``SerializeError``, and nothing else, for values they cannot encode and bytes they cannot decode.

    Class attributes:
        name: What users type.
        wire_ids: Protocol version -> number in the message header. A version that is not listed is not
            supported. Numbers below 64 belong to the stock systems and to this project; a third party
            takes one from 128 to 255.
        has_dict_forms: Whether objects travel as dicts with ``__class__``, which the other side turns back.
            False for formats that have ways of their own.
        safe: True if decoding bytes from a stranger cannot run code or crash the interpreter. A daemon
            accepts an unsafe one only when told so by name.

    Args:
        codec: Rules for classes that the format does not know by itself, for the protocol version in use.
    """

    name: ClassVar[str]
    wire_ids: ClassVar[Mapping[int, int]]
    has_dict_forms: ClassVar[bool] = True
    safe: ClassVar[bool] = True

    def __init__(self, codec: ClassCodec) -> None:
        self.codec = codec

    @abc.abstractmethod
    def encode_value(self, value: object) -> bytes:
        """Encode any value, such as the result of a call.

        Raises:
            SerializeError: If the value, or something in it, cannot travel in this format.
        """

    @abc.abstractmethod
    def decode_value(self, data: Buffer) -> Any:
        """Decode what ``encode_value`` made, here or in a stock peer.

        Raises:
            SerializeError: If the bytes are not of this format, or hold a class without a rule.
        """

    def decode_error(self, data: Buffer) -> Any:
        """Decode an exception that answers a call. Raises as ``decode_value`` does, which is the default."""
        return self.decode_value(data)

    def faithful(self) -> Serializer:
        """A twin of this serializer that keeps Python's types, for two of our own peers that agreed on it.

        What it writes need not be understood by stock peers. The default is this serializer itself.
        """
        return self

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        """Encode a call. The default is a four-part sequence, as most stock serializers write it."""
        return self.encode_value((object_id, method, args, kwargs))

    def decode_call(self, data: Buffer) -> Call:
        """Decode a call.

        Raises:
            SerializeError: If it is not a call.
        """
        return as_call(self.decode_value(data), self.name)


_SEQUENCES: frozenset[type] = frozenset({tuple, list})
_CALL_PARTS = 4  # object id, method, positional and keyword arguments
_new_tuple = tuple.__new__  # what the constructor of a named tuple calls in the end


def as_call(value: Any, serializer: str) -> Call:
    """A decoded payload as a call. Raises as ``check_call`` does."""
    check_call(value, serializer)
    return _new_tuple(Call, value)


def check_call(value: Any, serializer: str) -> None:
    """Check that a decoded payload has the shape of a call.

    Args:
        value: The decoded payload.
        serializer: Name for the error.

    Raises:
        SerializeError: If the shape is another one.
    """
    if (
        type(value) not in _SEQUENCES
        or len(value) != _CALL_PARTS
        or type(value[0]) is not str
        or type(value[1]) is not str
        or type(value[2]) not in _SEQUENCES
        or (value[3] is not None and type(value[3]) is not dict)
    ):
        raise SerializeError(
            f"a call must be (object id, method, arguments, keyword arguments), got {reprlib.repr(value)}",
            serializer=serializer,
        )
