"""Writes the serpent text format: one Python literal, without spaces.

The text is the same, byte for byte, as that of the ``serpent`` library for the values that both accept.
Unlike the library it consults no registry of the process, and leaves the garbage collector alone.
"""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import SerializeError
from pyro_serializers.faithful import TAGGED, pairs
from pyro_serializers.stand_ins import BUILTIN_BASES, COMMON, StandIns, simpler

NAME: Final = "serpent"
DEEPEST_LEVEL: Final = 200
"""Containers inside one another; Python's parser, which is the decoder of stock peers, reads no more."""

_AS_REPR: Final = frozenset({str, int, bool, type(None)})
_NUMBERS: Final = frozenset({int, float})
_KEYS: Final = frozenset({str, int, float, complex, bool, tuple})
_MANY: Final = 16
STAND_INS: Final[StandIns] = {**BUILTIN_BASES, **COMMON}
"""Plain forms of classes that have none here."""


def float_text(value: float) -> str:
    """A float as a literal; the two infinities as literals that overflow, and nan as a dict."""
    text = repr(value)
    if "n" not in text:
        return text
    if text == "nan":
        return "{'__class__':'float','value':'nan'}"
    return "1e30000" if text == "inf" else "-1e30000"


def complex_text(value: complex) -> str:
    """A complex number as a sum of two literals, or as a dict if a part is nan."""
    real, imag = float_text(value.real), float_text(value.imag)
    if real[0] == "{" or imag[0] == "{":
        return f"{{'__class__':'complex','real':{real},'imag':{imag}}}"
    sign = "" if imag[0] == "-" else "+"
    return f"({real}{sign}{imag}j)"


def bytes_text(value: bytes | bytearray | memoryview) -> str:
    """Binary data as a dict with its base64 form, spaces included, as every stock peer writes it."""
    return f"{{'data': '{b64encode(value).decode('ascii')}', 'encoding': 'base64'}}"


class SerpentWriter:
    """Turns values into serpent text.

    Args:
        codec: Takes instances of other classes apart.
        stand_ins: Plain forms of classes that have none here.
    """

    __slots__ = ("_codec", "_stand_ins", "_writers")

    def __init__(self, codec: ClassCodec, stand_ins: StandIns = STAND_INS) -> None:
        self._codec = codec
        self._writers = _WRITERS
        self._stand_ins = stand_ins

    def text(self, value: Any, level: int = 0) -> str:
        """The literal for a value.

        Args:
            value: Anything.
            level: How many containers are around it.

        Raises:
            SerializeError: If it cannot be written.
            Exception: Whatever code of the value's class raises.
        """
        kind = type(value)
        if kind in _AS_REPR:
            return repr(value)
        if level > DEEPEST_LEVEL:
            raise _too_deep()
        writer = self._writers.get(kind)
        return writer(self, value, level) if writer is not None else self._other(value, level)

    def tuple_text(self, values: tuple[Any, ...], level: int) -> str:
        """The literal for a tuple that stands at a level."""
        count = len(values)
        if count > 1:
            return f"({self._joined(values, level + 1)})"
        return f"({self._joined(values, level + 1)},)" if count else "()"

    def list_text(self, values: list[Any], level: int) -> str:
        """The literal for a list that stands at a level."""
        return f"[{self._joined(values, level + 1)}]"

    def dict_text(self, mapping: Mapping[Any, Any], level: int) -> str:
        """The literal for a dict that stands at a level."""
        if not mapping:
            return "{}"
        level += 1
        if level > DEEPEST_LEVEL:
            raise _too_deep()
        parts = []
        writers = self._writers
        for key, value in mapping.items():
            name = repr(key) if type(key) is str else self._key(key, level)
            kind = type(value)
            if kind in _AS_REPR:
                parts.append(f"{name}:{value!r}")
            else:
                writer = writers.get(kind)
                text = writer(self, value, level) if writer is not None else self._other(value, level)
                parts.append(f"{name}:{text}")
        return f"{{{','.join(parts)}}}"

    def _joined(self, values: Collection[Any], level: int) -> str:
        if level > DEEPEST_LEVEL and values:
            raise _too_deep()
        if len(values) >= _MANY:
            kinds = set(map(type, values))
            if kinds <= _AS_REPR:
                return ",".join(map(repr, values))
            if kinds <= _NUMBERS:
                text = ",".join(map(repr, values))
                if "n" not in text:
                    return text
        parts = []
        writers = self._writers
        for value in values:
            kind = type(value)
            if kind in _AS_REPR:
                parts.append(repr(value))
            else:
                writer = writers.get(kind)
                parts.append(writer(self, value, level) if writer is not None else self._other(value, level))
        return ",".join(parts)

    def _set(self, values: Collection[Any], level: int) -> str:
        if not values:
            return "()"  # there is no literal for an empty set
        return f"{{{','.join([self._key(value, level + 1) for value in values])}}}"

    def _key(self, key: Any, level: int) -> str:
        kind = type(key)
        text = self.text(key, level) if kind in _KEYS or _is_scalar_class(kind) else ""
        if not text or text[0] == "{":
            raise SerializeError(
                f"{NAME} cannot write a {kind.__name__} as a dict key or in a set: {key!r:.80}; "
                "use text, numbers or tuples of them, or send a list of pairs",
                serializer=NAME,
            )
        return text

    def _other(self, value: Any, level: int) -> str:
        """The literal for an object that is not of one of the exact types of the table."""
        plain = simpler(value, self._codec, self._stand_ins)
        if type(plain) is dict:
            return self.dict_text(plain, level)
        return self.text(plain, level)


def _is_scalar_class(kind: type) -> bool:
    from enum import Enum
    from numbers import Number

    return issubclass(kind, Number | Enum)


def _too_deep() -> SerializeError:
    return SerializeError(
        f"{NAME} cannot serialize this value: deeper than {DEEPEST_LEVEL} levels, or containing itself",
        serializer=NAME,
    )


_Write = Callable[[SerpentWriter, Any, int], str]
_WRITERS: Final[dict[type, _Write]] = {
    str: lambda _, value, level: repr(value),
    int: lambda _, value, level: repr(value),
    bool: lambda _, value, level: repr(value),
    type(None): lambda _, value, level: "None",
    float: lambda _, value, level: float_text(value),
    complex: lambda _, value, level: complex_text(value),
    bytes: lambda _, value, level: bytes_text(value),
    bytearray: lambda _, value, level: bytes_text(value),
    memoryview: lambda _, value, level: bytes_text(value),
    tuple: SerpentWriter.tuple_text,
    list: SerpentWriter.list_text,
    dict: SerpentWriter.dict_text,
    set: SerpentWriter._set,
    frozenset: SerpentWriter._set,
}


class FaithfulSerpentWriter(SerpentWriter):
    """Writes what our own reader makes the same values of again, of whatever type they were.

    Args:
        codec: Takes instances of other classes apart.
    """

    __slots__ = ()

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec, TAGGED)
        self._writers = _FAITHFUL_WRITERS

    def _any_dict(self, mapping: dict[Any, Any], level: int) -> str:
        if mapping.keys().isdisjoint(_SPECIAL_KEYS) and all(type(key) in _PLAIN_KEYS for key in mapping):
            return self.dict_text(mapping, level)
        return self.dict_text(pairs(mapping), level)

    def _tagged(self, value: Any, level: int) -> str:
        return self._other(value, level)


_SPECIAL_KEYS: Final = frozenset({CLASS_KEY, "encoding"})
_PLAIN_KEYS: Final = frozenset({str, int, float, bool})
_FAITHFUL_WRITERS: Final[dict[type, Any]] = {
    **_WRITERS,
    dict: FaithfulSerpentWriter._any_dict,
    bytearray: FaithfulSerpentWriter._tagged,
    set: FaithfulSerpentWriter._tagged,
    frozenset: FaithfulSerpentWriter._tagged,
}
