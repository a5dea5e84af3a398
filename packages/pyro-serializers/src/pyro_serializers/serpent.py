"""The default serializer: Python literals as text, readable by every stock peer and by other languages."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from pyro_core.calls import Call
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.names import PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Buffer
from pyro_serializers.class_keys import refuse_class_keys
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.faithful import faithful_codec
from pyro_serializers.serpent_reader import HEADER, SerpentReader
from pyro_serializers.serpent_writer import STAND_INS, FaithfulSerpentWriter, SerpentWriter
from pyro_serializers.stand_ins import StandIns


class SerpentSerializer(Serializer):
    """Serpent: safe, rich in types, and understood by every peer.

    Binary data travels as base64 text and arrives as ``bytes``. Dates, UUIDs and decimals travel as text,
    enum members as their value, an empty set as an empty tuple.

    Class attributes:
        class_keys_travel: Whether dicts that look as if they stood for an object may be sent.
        makes_bytes: Whether what arrives of binary data becomes ``bytes``; else it stays a dict of text.
        stand_ins: Plain forms of classes that the format lacks.
    """

    _twin: Serializer | None = None
    class_keys_travel: ClassVar[bool] = False
    makes_bytes: ClassVar[bool] = True
    stand_ins: ClassVar[StandIns] = STAND_INS
    name: ClassVar[str] = "serpent"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 1, PROTOCOL_48: 1})

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        self._writer = SerpentWriter(codec, self.stand_ins)
        self._reader = SerpentReader(codec, binary=self.makes_bytes)

    def faithful(self) -> Serializer:
        """A twin that keeps Python's types."""
        if self._twin is None:
            self._twin = FaithfulSerpentSerializer(faithful_codec(self.codec))
        return self._twin

    def encode_value(self, value: object) -> bytes:
        try:
            text = self._writer.text(value)
            if not self.class_keys_travel and CLASS_KEY in text:
                refuse_class_keys(value, self.name)
            return (HEADER + text).encode()
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def decode_value(self, data: Buffer) -> Any:
        try:
            return self._reader.value(str(data, "utf-8"))
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        writer = self._writer
        try:
            if type(args) is tuple:
                positional = writer.tuple_text(args, 1)
            else:
                positional = writer.text(args, 1)
            keywords = writer.text(kwargs, 1) if kwargs else "{}" if kwargs is not None else "None"
            if not self.class_keys_travel and (CLASS_KEY in positional or CLASS_KEY in keywords):
                refuse_class_keys((args, kwargs), self.name)
            return f"{HEADER}({str(object_id)!r},{str(method)!r},{positional},{keywords})".encode()
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem

    def decode_call(self, data: Buffer) -> Call:
        try:
            return self._reader.call(str(data, "utf-8"))
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem


class FaithfulSerpentSerializer(SerpentSerializer):
    """Serpent between two of our own peers: every type comes back as it was."""

    class_keys_travel: ClassVar[bool] = True

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        self._writer = FaithfulSerpentWriter(codec)

    def faithful(self) -> Serializer:
        """This one."""
        return self
