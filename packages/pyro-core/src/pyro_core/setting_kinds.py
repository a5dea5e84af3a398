"""What values settings can have: how each kind is read from a variable, and checked in a table.

Both ways raise ``ValueError`` with nothing but a description of what is allowed; ``setting_sources`` adds
which setting it was.
"""

from collections.abc import Mapping
from dataclasses import Field
from typing import Any, Final, Protocol

_TRUE: Final = frozenset({"1", "on", "yes", "true"})
_FALSE: Final = frozenset({"0", "off", "no", "false"})
_MAX_PORT: Final = 65535
_MAX_WHOLE: Final = (1 << 63) - 1


class Kind(Protocol):
    """One kind of values."""

    def of_text(self, text: str) -> Any:
        """The value that a variable's text means."""

    def of_value(self, value: object) -> Any:
        """The value that a table's entry means."""


class Truth:
    """Yes or no."""

    def of_text(self, text: str) -> bool:
        lowered = text.strip().lower()
        if lowered in _TRUE or lowered in _FALSE:
            return lowered in _TRUE
        raise ValueError("one of 1, on, yes, true, 0, off, no, false")

    def of_value(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError("true or false")


class Text:
    """Any text.

    Args:
        optional: Whether empty text means None.
        meaning: Words that stand for others.
    """

    def __init__(self, *, optional: bool = False, meaning: Mapping[str, str] | None = None) -> None:
        self._optional = optional
        self._meaning = meaning or {}

    def of_text(self, text: str) -> str | None:
        stripped = text.strip()
        if not stripped and self._optional:
            return None
        return self._meaning.get(stripped, stripped)

    def of_value(self, value: object) -> str | None:
        if isinstance(value, str):
            return self.of_text(value)
        raise ValueError("text")


class Choice:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def of_text(self, text: str) -> str:
        word = text.strip().lower()
        if word in self._words:
            return word
        raise ValueError(f"one of {', '.join(self._words)}")

    def of_value(self, value: object) -> str:
        return self.of_text(value if isinstance(value, str) else "")


class Names:
    """Several names, separated by commas.

    Args:
        perhaps_none: Whether there may be none.
    """

    def __init__(self, *, perhaps_none: bool = False) -> None:
        self._perhaps_none = perhaps_none

    def of_text(self, text: str) -> tuple[str, ...]:
        return self._checked([part.strip() for part in text.split(",")])

    def of_value(self, value: object) -> tuple[str, ...]:
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return self._checked([item.strip() for item in value])
        raise ValueError(f"a list of text{'' if self._perhaps_none else ', at least one'}")

    def _checked(self, names: list[str]) -> tuple[str, ...]:
        kept = tuple(name for name in names if name)
        if not kept and not self._perhaps_none:
            raise ValueError("at least one name; several are separated by commas")
        return kept


class Whole:
    """A whole number.

    Args:
        lowest: The least it may be.
        highest: The most it may be.
        only: The numbers that are allowed, where that are few.
        zero_means: What stands for 0, if not 0.
    """

    def __init__(
        self,
        lowest: int = 0,
        highest: int = _MAX_WHOLE,
        *,
        only: tuple[int, ...] = (),
        zero_means: int | None = None,
    ) -> None:
        self._lowest = lowest
        self._highest = highest
        self._only = only
        self._zero_means = zero_means

    def of_text(self, text: str) -> int:
        try:
            return self.of_value(int(text))
        except ValueError:
            raise ValueError(self._allowed()) from None

    def of_value(self, value: object) -> int:
        if type(value) is not int or not self._lowest <= value <= self._highest:
            raise ValueError(self._allowed())
        if self._only and value not in self._only:
            raise ValueError(self._allowed())
        return self._zero_means if value == 0 and self._zero_means is not None else value

    def _allowed(self) -> str:
        if self._only:
            return f"one of {', '.join(map(str, self._only))}"
        if self._highest == _MAX_WHOLE:
            return f"a whole number, {self._lowest} or more"
        return f"a whole number from {self._lowest} to {self._highest}"


class Seconds:
    """A duration.

    Args:
        zero_is_never: Whether 0 means None, which waits for ever.
    """

    def __init__(self, *, zero_is_never: bool = False) -> None:
        self._zero_is_never = zero_is_never

    def of_text(self, text: str) -> float | None:
        try:
            return self.of_value(float(text))
        except ValueError:
            raise ValueError(self._allowed()) from None

    def of_value(self, value: object) -> float | None:
        if type(value) not in (int, float) or not 0 <= value < float("inf"):  # type: ignore[operator]
            raise ValueError(self._allowed())
        return None if self._zero_is_never and value == 0 else float(value)  # type: ignore[arg-type]

    def _allowed(self) -> str:
        return f"a number of seconds, 0 or more{' (0 waits for ever)' if self._zero_is_never else ''}"


TRUTH: Final = Truth()
TEXT: Final = Text()
OPTIONAL_TEXT: Final = Text(optional=True)
NAMES: Final = Names()
PERHAPS_NAMES: Final = Names(perhaps_none=True)
PORT: Final = Whole(0, _MAX_PORT)
COUNT: Final = Whole(1)
SECONDS: Final = Seconds()
SECONDS_OR_NEVER: Final = Seconds(zero_is_never=True)
IP_VERSION: Final = Whole(only=(0, 4, 6))
EVENT_LOOP: Final = Choice("auto", "asyncio", "uvloop")
LOG_FORMAT: Final = Choice("text", "json")
LOG_LEVEL: Final = Choice("debug", "info", "warning", "error")
SERVER_TYPE: Final = Text(meaning={"thread": "threaded"})
"""Stock systems call the transport for many clients ``thread``."""

_BY_NAME: Final[Mapping[str, Kind]] = {
    "event_loop": EVENT_LOOP,
    "log_format": LOG_FORMAT,
    "log_level": LOG_LEVEL,
    "max_calls_per_s": Whole(0),
    "max_retries": Whole(0),
    "min_threads": Whole(0),
    "processes": Whole(0),
    "prefer_ip_version": IP_VERSION,
    "servertype": SERVER_TYPE,
    "traceback_modules": PERHAPS_NAMES,
}
_BY_TYPE: Final[Mapping[Any, Kind]] = {
    bool: TRUTH,
    int: COUNT,
    float: SECONDS,
    float | None: SECONDS_OR_NEVER,
    str: TEXT,
    str | None: OPTIONAL_TEXT,
    tuple[str, ...]: NAMES,
}


def kind_of(field: "Field[Any]") -> Kind:
    """The kind of values that a field of a settings class has."""
    if field.name.endswith("port"):
        return PORT
    if field.default == ():
        return PERHAPS_NAMES
    return _BY_NAME.get(field.name) or _BY_TYPE[field.type]
