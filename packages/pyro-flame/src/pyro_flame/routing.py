"""Standard output for code that runs for a client: its own, while everything else keeps the usual one."""

import contextvars
import io
import sys
import threading
from collections.abc import Callable, MutableMapping
from typing import Any, Final

_where: Final[contextvars.ContextVar["_Place | None"]] = contextvars.ContextVar("pyro_flame", default=None)
_installing: Final = threading.Lock()
_NAMES: Final = ("stdout", "stderr", "stdin", "displayhook")
_users: Final[list[None]] = []
_before: Final[dict[str, Any]] = {}
_ours: Final[dict[str, Any]] = {}


def routed_to(say: Callable[[str], object], names: MutableMapping[str, Any]) -> None:
    """From now on, what the running context prints goes to ``say``.

    Args:
        say: Gets the text.
        names: Gets the value of the last expression as ``_``.
    """
    _where.set(_Place(say, names))


def route() -> None:
    """Put ours in place of the outputs of the process. Each call needs one of ``route_no_more`` later."""
    with _installing:
        _users.append(None)
        if len(_users) == 1:
            _before.update((name, getattr(sys, name)) for name in _NAMES)
            _ours.update((name, _Routed(name)) for name in _NAMES[:3])
            _ours["displayhook"] = _show
            for name in _NAMES:
                setattr(sys, name, _ours[name])


def route_no_more() -> None:
    """Put back what was there, unless somebody put something else there in the meantime."""
    with _installing:
        _users.pop()
        for name in _NAMES if not _users else ():
            if getattr(sys, name) is _ours[name]:
                setattr(sys, name, _before[name])


class _Place:
    def __init__(self, say: Callable[[str], object], names: MutableMapping[str, Any]) -> None:
        self.names = names
        self.stdout = self.stderr = _Writer(say)
        self.stdin = _NoInput()


class _Writer(io.TextIOBase):
    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._say(text)
        return len(text)


class _NoInput(io.TextIOBase):
    """The keyboard of this process is not the client's."""

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        raise EOFError("a remote console cannot ask for input")


class _Routed:
    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        where = _where.get()
        return getattr(_before[self._name] if where is None else getattr(where, self._name), name)


def _show(value: Any) -> None:
    """Print the value of an expression; ``_`` is the console's, not that of the whole process."""
    where = _where.get()
    if where is None:
        _before["displayhook"](value)
    elif value is not None:
        where.names["_"] = value
        print(repr(value))
