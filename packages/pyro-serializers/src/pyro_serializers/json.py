"""``json``: readable by everybody; without tuples, sets and binary data."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

from pyro_core.calls import Call
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer, as_call
from pyro_core.wire.message import Buffer
from pyro_serializers.class_keys import refuse_class_keys
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.faithful import TAGGED, FaithfulCodec, faithful_codec, pairs, tagged
from pyro_serializers.stand_ins import COMMON, SETS_AS_LISTS, StandIns, simpler

_STAND_INS: Final[StandIns] = {**COMMON, **SETS_AS_LISTS}


def _quick_encode(encoder: json.JSONEncoder) -> Callable[[Any], str]:
    """What ``encoder.encode`` does; the C part of it is made once, and not for each value."""
    make = json.encoder.c_make_encoder  # type: ignore[attr-defined]  # missing in the stubs
    if make is None:
        return encoder.encode
    text_of = json.encoder.encode_basestring
    colon, comma = encoder.key_separator, encoder.item_separator
    parts = make(None, encoder.default, text_of, None, colon, comma, False, False, True)

    def encode(value: Any) -> str:
        return text_of(value) if type(value) is str else "".join(parts(value, 0))

    return encode


class JsonSerializer(Serializer):
    """JSON: safe, and understood by every language.

    Tuples and sets arrive as lists, and keys of dicts as text. Dates, UUIDs and decimals travel as text, enum
    members as their value. Binary data is refused. The three floats that JSON lacks travel as ``NaN``,
    ``Infinity`` and ``-Infinity``, as stock peers write them.

    Class attributes:
        class_keys_travel: Whether dicts that look as if they stood for an object may be sent.
        json_module: The module that encodes and decodes.
    """

    _twin: Serializer | None = None
    class_keys_travel: ClassVar[bool] = False
    json_module: ClassVar[Any] = json
    name: ClassVar[str] = "json"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 3, PROTOCOL_48: 2})

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        # A value that contains itself ends at the recursion limit; looking out for it costs a dict per value.
        encoder = self.json_module.JSONEncoder(
            ensure_ascii=False, check_circular=False, default=self._simpler
        )
        self._encode = _quick_encode(encoder) if self.json_module is json else encoder.encode
        decoder = self.json_module.JSONDecoder()
        self._scan = decoder.scan_once if self.json_module is json else None
        self._decode_plain = decoder.decode
        self._decode_classes = self.json_module.JSONDecoder(object_hook=self._object).decode

    def faithful(self) -> Serializer:
        """A twin that keeps Python's types."""
        if self._twin is None:
            self._twin = FaithfulJsonSerializer(faithful_codec(self.codec))
        return self._twin

    def encode_value(self, value: object) -> bytes:
        try:
            text: str = self._encode(value)
            if not self.class_keys_travel and CLASS_KEY in text:
                refuse_class_keys(value, self.name)
            return text.encode()
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def decode_value(self, data: Buffer) -> Any:
        try:
            text = str(data, "utf-8")
            # An underscore may be written as an escape.
            if CLASS_KEY in text or "\\u005" in text:
                return self._decode_classes(text)
            if self._scan is not None:
                try:
                    value, end = self._scan(text, 0)
                except StopIteration:
                    pass  # not a failure yet: there may be white space before it
                else:
                    if end == len(text):
                        return value
            return self._decode_plain(text)
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        return self.encode_value({"object": object_id, "method": method, "params": args, "kwargs": kwargs})

    def decode_call(self, data: Buffer) -> Call:
        wire = self.decode_value(data)
        try:
            wire = (wire["object"], wire["method"], wire["params"], wire["kwargs"])
        except (TypeError, KeyError, IndexError):
            raise SerializeError(
                f"a call in json must have the members object, method, params and kwargs, got {wire!r:.120}",
                serializer=self.name,
            ) from None
        return as_call(wire, self.name)

    def _simpler(self, value: object) -> Any:
        if isinstance(value, bytes | bytearray | memoryview):
            raise SerializeError(
                f"json cannot carry {type(value).__name__}; use serpent or msgpack, or send text",
                serializer=self.name,
            )
        return simpler(value, self.codec, _STAND_INS)

    def _object(self, found: dict[str, Any]) -> Any:
        return self.codec.from_wire(found) if CLASS_KEY in found else found


_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_FAITHFUL_STAND_INS: Final[StandIns] = {
    **TAGGED,
    ("builtins", "bytes"): lambda value: tagged("bytes", b64encode(value).decode("ascii")),
    ("builtins", "bytearray"): lambda value: tagged("bytearray", b64encode(value).decode("ascii")),
    ("builtins", "memoryview"): lambda value: tagged("bytes", b64encode(value).decode("ascii")),
}


class _JsonCodec(FaithfulCodec):
    """The faithful forms, with binary data as base64 text."""

    __slots__ = ()

    def from_wire(self, wire: dict[str, Any]) -> Any:
        tag = wire[CLASS_KEY]
        if tag in ("~bytes", "~bytearray") and isinstance(wire.get("v"), str):
            data = b64decode(wire["v"], validate=True)
            return data if tag == "~bytes" else bytearray(data)
        return super().from_wire(wire)


class FaithfulJsonSerializer(JsonSerializer):
    """JSON between two of our own peers: every type comes back as it was, binary data included."""

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(_JsonCodec(codec.rules, codec.version))

    def faithful(self) -> Serializer:
        """This one."""
        return self

    def encode_value(self, value: object) -> bytes:
        try:
            text: str = self._encode(self._kept(value))
            return text.encode()
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        return super().encode_call(object_id, method, list(args), kwargs)

    def _kept(self, value: Any) -> Any:
        """The same value with tagged dicts in place of everything that JSON lacks."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is list:
            return [item if type(item) in _PLAIN else self._kept(item) for item in value]
        if kind is dict:
            if CLASS_KEY in value or not all(type(key) is str for key in value):
                value = pairs(value)
            return self._kept_dict(value)
        plain = simpler(value, self.codec, _FAITHFUL_STAND_INS)
        return self._kept_dict(plain) if type(plain) is dict else self._kept(plain)

    def _kept_dict(self, value: dict[str, Any]) -> dict[str, Any]:
        return {key: item if type(item) in _PLAIN else self._kept(item) for key, item in value.items()}
