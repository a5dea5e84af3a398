"""Exceptions in transit: into a dict on one side, out of it on the other, and what to print about them.

Only an allow-list of types is rebuilt: ``Exception`` subclasses of the builtins, the errors of this system
under either generation's module name, ``sqlite3``'s and ``struct.error``. Anything else arrives as
``RemoteError`` with type name, text and traceback, so that no peer can raise ``SystemExit`` in another
process, and nothing of an unknown exception is lost.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterator, Mapping
from types import GetSetDescriptorType, MemberDescriptorType

from pyro_core import errors
from pyro_core.errors import PyroError, RemoteError
from pyro_core.names import ERROR_MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

TRACEBACK_ATTRIBUTE: Final = "_pyroTraceback"
"""Attribute of an exception that holds the remote traceback, as a list of lines."""
_TYPE_ATTRIBUTE: Final = "pyro_type"
_RETRY_ATTRIBUTE: Final = "retry_safe"
_DELIVERY_ATTRIBUTE: Final = "_delivery"
_STOCK_NAMES: Final[Mapping[type[PyroError], str]] = {
    errors.MessageTooLarge: "MessageTooLargeError",
    errors.CommunicationError: "CommunicationError",
    errors.ConnectionClosedError: "ConnectionClosedError",
    errors.TimeoutError: "TimeoutError",
    errors.ProtocolError: "ProtocolError",
    errors.SerializeError: "SerializeError",
    errors.NamingError: "NamingError",
    errors.DaemonError: "DaemonError",
    errors.SecurityError: "SecurityError",
    PyroError: "PyroError",
}
_OWN_BY_STOCK_NAME: Final = {name: cls for cls, name in _STOCK_NAMES.items()}
_OWN_MODULES: Final = frozenset(ERROR_MODULES.values())


def describe(error: BaseException, version: int) -> dict[str, Any]:
    """The dict in which an exception travels.

    Args:
        error: The exception.
        version: Protocol version of the receiver, which decides how our own errors are called.
    """
    name, extra = _wire_name(type(error), version)
    return {
        "__class__": name,
        "__exception__": True,
        "args": _arguments(error),
        "attributes": {**vars(error), **extra},
    }


def descriptions(error: BaseException, version: int) -> Iterator[dict[str, Any]]:
    """Ever simpler dicts for an exception, for when a serializer refuses the faithful one.

    Yields:
        First everything; then without attributes that are not plain data, and with its text for arguments
        that are not; then as a ``PyroError`` that quotes the original's type and text. The remote traceback
        is kept in each.
    """
    yield describe(error, version)
    simple = describe(error, version)
    simple["attributes"] = {key: value for key, value in simple["attributes"].items() if _is_plain(value)}
    if not _is_plain(error.args):
        simple["args"] = (_encodable(safe_str(error)),)
    yield simple
    text = _encodable(f"Error serializing exception. Original exception: {type(error)!r}: {safe_str(error)}")
    lines = [_encodable(safe_str(line)) for line in remote_traceback_lines(error)]
    kept = {TRACEBACK_ATTRIBUTE: lines} if lines else {}
    yield {
        "__class__": f"{ERROR_MODULES[version]}.PyroError",
        "__exception__": True,
        "args": (text,),
        "attributes": kept,
    }


def rebuild(wire: Mapping[str, Any]) -> BaseException:
    """The exception that a peer described.

    Args:
        wire: Dict with ``__class__``, ``args`` and perhaps ``attributes``.

    Returns:
        An exception of the type it names where that type is allowed here, else a ``RemoteError``.
    """
    tag = wire.get("__class__", "")
    name = tag.decode("latin-1") if isinstance(tag, bytes) else str(tag)
    args = wire.get("args", ())
    args = tuple(args) if isinstance(args, list | tuple) else (args,)
    attributes = wire.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        attributes = {}
    error = _construct(_allowed_type(name, attributes), args)
    if error is None:
        error = RemoteError(name, ", ".join(map(safe_str, args)), args)
    set_attributes(error, attributes)
    return error


def set_attributes(error: BaseException, attributes: object) -> None:
    """Give a rebuilt exception what its peer's one had, as far as it is data and replaces no code."""
    if isinstance(attributes, Mapping):
        for key, value in attributes.items():
            if _may_set(error, key, value):
                _set(error, key, value)


def remote_traceback_lines(error: BaseException) -> list[str]:
    """Lines of the remote traceback that an exception carries; empty if it came from this process."""
    lines = getattr(error, TRACEBACK_ATTRIBUTE, None)
    return list(lines) if isinstance(lines, list | tuple) else []


def traceback_text(error: BaseException) -> str:
    """Everything there is to print about an exception: the local traceback, then the remote one."""
    import traceback

    return "".join([*traceback.format_exception(error), *_remote_block(error)])


def excepthook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """A ``sys.excepthook`` that prints the remote traceback too."""
    import traceback

    sys.stderr.write("".join([*traceback.format_exception(kind, error, trace), *_remote_block(error)]))


def safe_str(value: object) -> str:
    """``str(value)``, or a placeholder where the object's own code fails."""
    try:
        return str(value)
    except Exception as problem:  # whatever a user's __str__ raises: this runs while reporting another error
        return f"<{type(value).__name__}, whose text raised {type(problem).__name__}>"


def _remote_block(error: BaseException) -> list[str]:
    lines = remote_traceback_lines(error)
    if not lines:
        return []
    quoted = "".join(lines).rstrip("\n").split("\n")
    return [
        " +--- This exception occurred remotely - Remote traceback:\n",
        *(f" | {line}\n" for line in quoted),
        " +--- End of remote traceback\n",
    ]


def _arguments(error: BaseException) -> tuple[Any, ...]:
    """What the type of an exception is to be called with; an ``OSError`` keeps a name apart from the rest."""
    if isinstance(error, OSError) and len(error.args) == 2 and isinstance(error.filename, str):
        return (*error.args, _encodable(error.filename))
    return error.args


def _wire_name(kind: type[BaseException], version: int) -> tuple[str, dict[str, str]]:
    if issubclass(kind, PyroError) and kind.__module__ == errors.__name__:
        known = next(cls for cls in kind.__mro__ if cls in _STOCK_NAMES)
        extra = {} if known is kind else {_TYPE_ATTRIBUTE: kind.__name__}
        return f"{ERROR_MODULES[version]}.{_STOCK_NAMES[known]}", extra
    return f"{kind.__module__}.{kind.__name__}", {}


def _allowed_type(name: str, attributes: Mapping[str, Any]) -> type[BaseException] | None:
    module, _, short = name.rpartition(".")
    if module in _OWN_MODULES or (not module and short in _OWN_BY_STOCK_NAME):
        own = _OWN_BY_STOCK_NAME.get(short)
        refined = getattr(errors, str(attributes.get(_TYPE_ATTRIBUTE, "")), None)
        if own is not None and isinstance(refined, type) and issubclass(refined, own):
            return refined
        return own
    found: object = None
    if module in ("", "builtins", "exceptions"):
        found = getattr(builtins, short, None)
    elif module == "sqlite3" and short.endswith("Error"):
        import sqlite3

        found = getattr(sqlite3, short, None)
    elif name == "struct.error":
        import struct

        found = struct.error
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _construct(kind: type[BaseException] | None, args: tuple[Any, ...]) -> BaseException | None:
    if kind is None:
        return None
    if issubclass(kind, PyroError):
        own = kind()  # the defaults of its fields; the peer's text and fields replace them
        own.args = args
        if isinstance(own, errors.CommunicationError):
            own.retry_safe = False  # the call was executed, or this error would not be its answer
        return own
    try:
        error = kind(*args)
    except Exception:  # arguments that its type does not take: RemoteError shows them instead
        return None
    if isinstance(error, UnicodeDecodeError | UnicodeEncodeError | UnicodeTranslateError):
        # CPython's str() of these reads where start and end point, be it outside of the object.
        return error if 0 <= error.start <= error.end <= len(error.object) else None
    return error


def _may_set(error: BaseException, key: object, value: object) -> bool:
    """Whether a received attribute is data, as opposed to something that would replace code."""
    if not isinstance(key, str) or not key.isidentifier() or callable(value):
        return False
    if key == "__notes__":
        return isinstance(value, list) and all(isinstance(note, str) for note in value)
    if key == TRACEBACK_ATTRIBUTE:
        return value is None or (isinstance(value, list | tuple) and all(isinstance(v, str) for v in value))
    if key.startswith("__") or key in ("args", _TYPE_ATTRIBUTE, _DELIVERY_ATTRIBUTE):
        return False
    existing: Callable[..., object] | object = getattr(type(error), key, None)
    if existing is None:
        return True
    return isinstance(existing, MemberDescriptorType | GetSetDescriptorType) and not isinstance(
        error, UnicodeError
    )


def _set(error: BaseException, key: str, value: object) -> None:
    """Set a received attribute, unless its type is not the one that a field has."""
    known = vars(error).get(key)
    if isinstance(error, PyroError) and known is not None:
        if isinstance(known, tuple) and isinstance(value, list):  # what formats without tuples make of them
            value = tuple(value)
        if key == _RETRY_ATTRIBUTE or not isinstance(value, type(known)):
            return
    try:
        setattr(error, key, value)
    except (TypeError, AttributeError, ValueError, OverflowError):
        return  # a field in C that holds no such value


def _encodable(text: str) -> str:
    """The same text, with what no UTF-8 can carry written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_plain(value: object, levels: int = 8) -> bool:
    kind = type(value)
    if kind is list or kind is tuple:
        return levels > 0 and all(_is_plain(item, levels - 1) for item in value)  # type: ignore[attr-defined]
    return value is None or kind is str or kind is int or kind is float or kind is bool
