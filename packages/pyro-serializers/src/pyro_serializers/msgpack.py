"""``msgpack``: compact and quick, with binary data. Needs the extra ``msgpack``.

Extension types 0x30 to 0x33 are those of stock peers, which write them in the byte order of their machine;
here they are little-endian on every machine. Source: recorded messages of stock peers.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final

import msgpack

from pyro_core.alike_keys import FEW, check_keys
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Buffer
from pyro_serializers.class_keys import refuse_class_keys
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.faithful import TAGGED, faithful_codec
from pyro_serializers.stand_ins import COMMON, SETS_AS_LISTS, StandIns, simpler

_unpack: Final = msgpack.unpackb
_COMPLEX: Final = 0x30
_BIG_INT: Final = 0x31
_DATETIME: Final = 0x32
_DATE: Final = 0x33
_TWO_DOUBLES: Final = struct.Struct("<dd")
_DOUBLE: Final = struct.Struct("<d")
_DATE_SIZES: Final = (8, 4)
"""The second is what Windows peers write."""

_AWARE: Final = "datetime.datetime"
"""Class name under which a datetime with a time zone travels. A stock peer has no form for it, and names this
class in its error; an extension type of our own would reach its methods as undecoded bytes."""
_CLASS_KEY_BYTES: Final = CLASS_KEY.encode()
_LARGE_BYTES: Final = 1 << 20
_SMALL_BUFFER: Final[Mapping[str, Any]] = {"buf_size": 4096} if msgpack.version >= (1, 1) else {}
"""A packer's buffer grows as needed; the size it has by itself costs two system calls and more."""
_UTC_DATETIME: Final = 3  # how msgpack.unpackb is told to make datetimes of the format's own timestamps
_INT_BITS: Final = 64
_MOST_LEVELS: Final = 200
"""Tuples, sets and objects inside one another."""
_FREE_LEVELS: Final = 8
_MOST_COPIED_BYTES: Final = 64 << 20
"""Each of them is a copy of what is in it. Beyond the first few, size and level together are limited."""
_KNOWN: Final = (dict, list, tuple, str, bytes, float, type(None), msgpack.ExtType)


class _ManyExtensions(Exception):
    """The keys of dicts need a look before the dicts are made."""


def _big_int(value: int) -> msgpack.ExtType:
    return msgpack.ExtType(_BIG_INT, b"%d" % value)


def _complex(value: complex) -> msgpack.ExtType:
    return msgpack.ExtType(_COMPLEX, _TWO_DOUBLES.pack(value.real, value.imag))


def _datetime(value: datetime) -> Any:
    if value.tzinfo is not None:
        return {CLASS_KEY: _AWARE, "iso": value.isoformat()}
    return msgpack.ExtType(_DATETIME, _DOUBLE.pack(value.timestamp()))


def _date(value: date) -> msgpack.ExtType:
    return msgpack.ExtType(_DATE, value.toordinal().to_bytes(8, "little"))


_STAND_INS: Final[StandIns] = {
    **COMMON,
    **SETS_AS_LISTS,
    ("builtins", "int"): _big_int,
    ("builtins", "complex"): _complex,
    ("datetime", "datetime"): _datetime,
    ("datetime", "date"): _date,
}


class MsgpackSerializer(Serializer):
    """MessagePack: safe, compact and quick; binary data travels as it is.

    Tuples and sets arrive as lists; a tuple that is a key of a dict arrives as a tuple. UUIDs and decimals
    travel as text, enum members as their value. A datetime without a time zone is taken as local time at
    both ends, as stock peers do it; one with a time zone keeps it, and only our own peers can read it.

    Class attributes:
        class_keys_travel: Whether dicts that look as if they stood for an object may be sent.
    """

    _twin: Serializer | None = None
    class_keys_travel: ClassVar[bool] = False
    name: ClassVar[str] = "msgpack"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 4, PROTOCOL_48: 6})

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        # A packer is costly to make, and serves one call at a time: each call borrows one, or makes another.
        self._idle_packers: list[msgpack.Packer] = []
        self._extensions = 0

    def faithful(self) -> Serializer:
        """A twin that keeps Python's types."""
        if self._twin is None:
            self._twin = FaithfulMsgpackSerializer(faithful_codec(self.codec))
        return self._twin

    def encode_value(self, value: object) -> bytes:
        try:
            packer = self._idle_packers.pop()
        except IndexError:
            packer = self._new_packer()
        try:
            data: bytes = packer.pack(value)
            if not self.class_keys_travel and _CLASS_KEY_BYTES in data:
                refuse_class_keys(value, self.name)
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem
        if len(data) < _LARGE_BYTES:  # a packer keeps the largest buffer that it ever needed
            self._idle_packers.append(packer)
        return data

    def decode_value(self, data: Buffer) -> Any:
        try:
            raw = data if type(data) is bytes else bytes(data)
            try:
                return _unpack(
                    raw,
                    object_hook=self._object if _CLASS_KEY_BYTES in raw else None,
                    ext_hook=self._extension,
                    strict_map_key=False,
                    timestamp=_UTC_DATETIME,
                )
            except (TypeError, _ManyExtensions):  # perhaps a list as a key, which was a tuple at the sender
                return self._carefully(raw, self._read_extension)
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def _new_packer(self) -> Any:
        return msgpack.Packer(default=self._simpler, use_bin_type=True, **_SMALL_BUFFER)

    def _simpler(self, value: object) -> Any:
        """What to send in place of a value that the library does not know; the library asks only once."""
        plain = simpler(value, self.codec, _STAND_INS)
        if isinstance(plain, _KNOWN) or (isinstance(plain, int) and plain.bit_length() < _INT_BITS):
            return plain
        return self._simpler(plain)

    def _extension(self, code: int, data: bytes) -> Any:
        # Text and numbers make harmless keys; what is made here may not. Now and then one too many looks.
        self._extensions += 1
        if self._extensions >= FEW:
            self._extensions = 0
            raise _ManyExtensions
        return self._read_extension(code, data)

    def _carefully(self, raw: bytes, extension: Callable[[int, bytes], Any]) -> Any:
        """The value, with a look at the keys of each dict before it is made."""
        return _unpack(
            raw,
            object_pairs_hook=self._pairs,
            ext_hook=extension,
            strict_map_key=False,
            timestamp=_UTC_DATETIME,
        )

    def _read_extension(self, code: int, data: bytes) -> Any:
        if code == _COMPLEX:
            return complex(*_TWO_DOUBLES.unpack(data))
        if code == _BIG_INT:
            return int(data)
        if code == _DATETIME:
            return datetime.fromtimestamp(_DOUBLE.unpack(data)[0])
        if code == _DATE and len(data) in _DATE_SIZES:
            return date.fromordinal(int.from_bytes(data, "little", signed=True))
        raise SerializeError(
            f"unknown msgpack extension {code:#x} of {len(data)} bytes", serializer=self.name
        )

    def _object(self, found: dict[Any, Any]) -> Any:
        if CLASS_KEY not in found:
            return found
        if found[CLASS_KEY] == _AWARE and "iso" in found:
            return datetime.fromisoformat(found["iso"])
        return self.codec.from_wire(found)

    def _pairs(self, pairs: list[tuple[Any, Any]]) -> Any:
        keyed = [(_as_key(key), value) for key, value in pairs]
        check_keys([key for key, _ in keyed], self.name)
        return self._object(dict(keyed))


def _as_key(key: Any) -> Any:
    return tuple(map(_as_key, key)) if type(key) is list else key


_TUPLE: Final = 0x40
_SET: Final = 0x41
_FROZENSET: Final = 0x42
_OBJECT: Final = 0x43
_CONTAINERS: Final[dict[type, int]] = {tuple: _TUPLE, set: _SET, frozenset: _FROZENSET}
_MAKERS: Final = {_TUPLE: tuple, _SET: set, _FROZENSET: frozenset}


class FaithfulMsgpackSerializer(MsgpackSerializer):
    """MessagePack between two of our own peers: every type comes back as it was.

    What the format lacks travels as extension types of our own: tuples and sets with their items, and dicts
    that stand for an object; so a plain dict is always data.
    """

    class_keys_travel: ClassVar[bool] = True

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        self._readers = [partial(self._read_extension, level=level) for level in range(_MOST_LEVELS)]

    def faithful(self) -> Serializer:
        """This one."""
        return self

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        return self.encode_value([object_id, method, list(args), kwargs])

    def decode_value(self, data: Buffer) -> Any:
        try:
            return _unpack(
                data if type(data) is bytes else bytes(data),
                ext_hook=self._extension,
                strict_map_key=False,
                timestamp=_UTC_DATETIME,
            )
        except (SerializeError, SecurityError):
            raise
        except _ManyExtensions:
            return self._decode_carefully(bytes(data), 0)
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def _new_packer(self) -> Any:
        return msgpack.Packer(default=self._simpler, use_bin_type=True, strict_types=True, **_SMALL_BUFFER)

    def _simpler(self, value: Any) -> Any:
        kind: type = type(value)
        code = _CONTAINERS.get(kind)
        if code is not None:
            return msgpack.ExtType(code, self.encode_value(list(value)))
        if kind is int:
            return _big_int(value)
        if kind is memoryview:
            return bytes(value)
        plain = simpler(value, self.codec, _FAITHFUL_STAND_INS)
        if type(plain) is dict and CLASS_KEY in plain:
            return msgpack.ExtType(_OBJECT, self.encode_value(plain))
        return plain

    def _decode_carefully(self, raw: bytes, level: int) -> Any:
        try:
            return self._carefully(raw, self._readers[level])
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def _inside(self, data: bytes, level: int) -> Any:
        """The value in an extension, which is so many levels deep."""
        if level >= _MOST_LEVELS or (level > _FREE_LEVELS and level * len(data) > _MOST_COPIED_BYTES):
            raise SerializeError(
                f"{self.name} cannot read the received data: tuples, sets or objects are nested too deep, "
                f"with {len(data)} bytes at level {level}",
                serializer=self.name,
            )
        if len(data) > FEW:
            return self._decode_carefully(data, level)
        return _unpack(data, ext_hook=self._readers[level], strict_map_key=False, timestamp=_UTC_DATETIME)

    def _pairs(self, pairs: list[tuple[Any, Any]]) -> Any:
        check_keys([key for key, _ in pairs], self.name)
        return dict(pairs)

    def _read_extension(self, code: int, data: bytes, level: int = 0) -> Any:
        make = _MAKERS.get(code)
        if make is not None:
            items = self._inside(data, level + 1)
            if make is not tuple:
                check_keys(items, self.name)
            return make(items)
        if code == _OBJECT:
            return self.codec.from_wire(self._inside(data, level + 1))
        return super()._read_extension(code, data)


_FAITHFUL_STAND_INS: Final[StandIns] = {**TAGGED, ("builtins", "complex"): _complex}
