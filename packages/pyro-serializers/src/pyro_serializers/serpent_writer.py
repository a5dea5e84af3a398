"""Writes the serpent text format: one Python literal, without spaces.

The text is the same, byte for byte, as that of the ``serpent`` library for the values that both accept, but
for subclasses of builtin types: those keep their value here, which no reader of the library's form can get.
Unlike the library it consults no registry of the process, and leaves the garbage collector alone.
"""

from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from typing import Any, ClassVar, Final

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
_DICTS: Final = frozenset({dict})
_TEXT: Final = frozenset({str})
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

    _special_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of dicts that are not written as they are."""

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
            return ",".join(self._many(values, level))
        return ",".join(self._each(values, level))

    def _each(self, values: Iterable[Any], level: int) -> list[str]:
        """The literals for values that stand at a level."""
        parts = []
        writers = self._writers
        for value in values:
            kind = type(value)
            if kind in _AS_REPR:
                parts.append(repr(value))
            else:
                writer = writers.get(kind)
                parts.append(writer(self, value, level) if writer is not None else self._other(value, level))
        return parts

    def _many(self, values: Collection[Any], level: int) -> Iterable[str]:
        """The same for so many values that it is worth while to look whether all are of one kind."""
        kinds = set(map(type, values))
        if kinds <= _AS_REPR:
            return map(repr, values)
        if kinds <= _NUMBERS:
            texts = list(map(repr, values))
            if "n" not in "".join(texts):
                return texts
        elif kinds == _DICTS:
            rows = self._rows(values, level)
            if rows is not None:
                return rows
        return self._each(values, level)

    def _rows(self, rows: Collection[dict[Any, Any]], level: int) -> Iterable[str] | None:
        """The literals for dicts that all have the same keys, written key by key; None if they have not."""
        keys = next(map(tuple, rows))
        if (
            not keys
            or set(map(tuple, rows)) != {keys}
            or set(map(type, chain.from_iterable(rows))) != _TEXT
            or not self._special_keys.isdisjoint(keys)
        ):
            return None
        level += 1
        if level > DEEPEST_LEVEL:
            raise _too_deep()
        columns = zip(*[row.values() for row in rows], strict=True)
        row = ",".join([f"{key!r}:".replace("%", "%%") + "%s" for key in keys])
        texts = zip(*[self._many(column, level) for column in columns], strict=True)
        return map(f"{{{row}}}".__mod__, texts)

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
        try:
            return self.dict_text(plain, level) if type(plain) is dict else self.text(plain, level)
        except SerializeError as problem:
            if not hasattr(problem, "__notes__"):
                problem.add_note(
                    f"It is within {type(value)!r}, which would travel as a copy. To have an object called "
                    "where it is, register it with a daemon, and send a proxy of it."
                )
            raise


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

    _special_keys = frozenset({CLASS_KEY, "encoding"})

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec, TAGGED)
        self._writers = _FAITHFUL_WRITERS

    def _any_dict(self, mapping: dict[Any, Any], level: int) -> str:
        if not (self._special_keys.isdisjoint(mapping) and _PLAIN_KEYS.issuperset(map(type, mapping))):
            mapping = pairs(mapping)
        return self.dict_text(mapping, level)

    def _tagged(self, value: Any, level: int) -> str:
        return self._other(value, level)


_PLAIN_KEYS: Final = frozenset({str, int, float, bool})
_FAITHFUL_WRITERS: Final[dict[type, Any]] = {
    **_WRITERS,
    dict: FaithfulSerpentWriter._any_dict,
    bytearray: FaithfulSerpentWriter._tagged,
    set: FaithfulSerpentWriter._tagged,
    frozenset: FaithfulSerpentWriter._tagged,
}
