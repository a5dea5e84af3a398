"""``marshal``: CPython's own format. Quick, and unsafe.

Crafted marshal data can crash the interpreter that reads it, or worse; the library behind it promises
nothing. A daemon therefore accepts this serializer only if it is named on purpose, and it is for programs
that trust each other.
"""

import marshal
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

from pyro_core.convert import CLASS_KEY
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Buffer
from pyro_serializers.class_keys import refuse_class_keys
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.faithful import TAGGED, faithful_codec, pairs, tagged
from pyro_serializers.stand_ins import BUILTIN_BASES, COMMON, StandIns, simpler

_CLASS_KEY_BYTES: Final = CLASS_KEY.encode()
_PLAIN: Final = frozenset({str, int, float, bool, complex, bytes, type(None)})
_STAND_INS: Final[StandIns] = {**BUILTIN_BASES, **COMMON}


class MarshalSerializer(Serializer):
    """Marshal: tuples, sets, binary data and keys of any kind stay what they are. Unsafe.

    Only CPython reads it. Dates, UUIDs and decimals travel as text, enum members as their value, a bytearray
    as bytes. Instances of classes may stand anywhere, though a stock peer only sees those that are a whole
    argument or a whole result as objects; deeper ones arrive there as dicts.

    Class attributes:
        class_keys_travel: Whether dicts that look as if they stood for an object may be sent.
    """

    _twin: Serializer | None = None
    class_keys_travel: ClassVar[bool] = False
    name: ClassVar[str] = "marshal"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 2, PROTOCOL_48: 3})
    safe: ClassVar[bool] = False
    _stand_ins: ClassVar[StandIns] = _STAND_INS

    def faithful(self) -> Serializer:
        """A twin that keeps Python's types."""
        if self._twin is None:
            self._twin = FaithfulMarshalSerializer(faithful_codec(self.codec))
        return self._twin

    def encode_value(self, value: object) -> bytes:
        try:
            data = marshal.dumps(self._plain(value))
            if not self.class_keys_travel and _CLASS_KEY_BYTES in data:
                refuse_class_keys(value, self.name)
            return data
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def decode_value(self, data: Buffer) -> Any:
        try:
            value = marshal.loads(data)
            # The format writes text as it is, so that without these bytes no dict can stand for an object.
            if _CLASS_KEY_BYTES in (data if type(data) is bytes else bytes(data)):
                return self.codec.revive(value)
            return value
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        try:
            params = list(args)
            for index, item in enumerate(params):
                if type(item) not in _PLAIN:
                    params[index] = self._plain(item)
            keywords: Any = self._plain(kwargs) if kwargs else kwargs
            data = marshal.dumps((object_id, method, params, keywords))
            if not self.class_keys_travel and _CLASS_KEY_BYTES in data:
                refuse_class_keys((args, kwargs), self.name)
            return data
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def _plain(self, value: Any) -> Any:
        """The same value in types that the format knows."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            return kind([item if type(item) in _PLAIN else self._plain(item) for item in value])
        if kind is dict:
            return {
                self._plain(key): item if type(item) in _PLAIN else self._plain(item)
                for key, item in value.items()
            }
        return self._taken_apart(simpler(value, self.codec, self._stand_ins))

    def _taken_apart(self, value: Any) -> Any:
        """The same for what stands for an object, which may be a dict that names its class."""
        return self._plain(value)


class FaithfulMarshalSerializer(MarshalSerializer):
    """Marshal between two of our own peers: every type comes back as it was."""

    _stand_ins: ClassVar[StandIns] = TAGGED
    class_keys_travel: ClassVar[bool] = True

    def faithful(self) -> Serializer:
        """This one."""
        return self

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        return self.encode_value((object_id, method, tuple(args), kwargs))

    def _plain(self, value: Any) -> Any:
        kind = type(value)
        hashed = value if kind is set or kind is frozenset or kind is dict else ()
        if (kind is dict and CLASS_KEY in value) or not all(type(item) in _PLAIN for item in hashed):
            # The stand-ins of what is hashed could not be hashed.
            value = pairs(value) if kind is dict else tagged(kind.__name__, list(value))
        return super()._plain(value)

    def _taken_apart(self, value: Any) -> Any:
        return super()._plain(value)
