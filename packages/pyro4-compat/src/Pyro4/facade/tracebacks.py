"""Tracebacks of remote exceptions as text, and local ones with the values of variables."""

import sys
import traceback
from collections.abc import Mapping
from types import CodeType, TracebackType
from typing import Any, Final

from Pyro4.configuration import config
from pyro_core.remote_errors import remote_traceback_lines, safe_str
from pyro_server.failures import traceback_lines, users_part

_BEGIN: Final = " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
_END: Final = " +--- End of remote traceback\n"
_RULE: Final = f"{'-' * 52}\n"


def with_remote(kind: Any = None, value: Any = None, trace: Any = None) -> list[str]:
    """The lines of a traceback, followed by the remote one if the exception came from another process.

    Args:
        kind: Type of the exception; None takes all three from the exception that is being handled.
        value: The exception.
        trace: Its traceback.

    Raises:
        TypeError: If only an exception is given.
    """
    kind, value, trace = _exception(kind, value, trace)
    lines = traceback.format_exception(kind, value, trace)
    remote = remote_traceback_lines(value) if isinstance(value, BaseException) else []
    if not remote:
        return lines
    quoted = [line for part in remote for line in part.rstrip("\n").split("\n")]
    return [*lines, _BEGIN, *(f" | {line}\n" for line in quoted), _END]


def formatted(kind: Any = None, value: Any = None, trace: Any = None, *, detailed: bool = False) -> list[str]:
    """The lines of a local traceback.

    Args:
        kind: Type of the exception; None takes all three from the exception that is being handled.
        value: The exception.
        trace: Its traceback.
        detailed: Show the local variables of each frame.

    Raises:
        TypeError: If only an exception is given.
    """
    kind, value, trace = _exception(kind, value, trace)
    if not detailed or kind is None:
        return traceback.format_exception(kind, value, trace)
    what = f" EXCEPTION {kind}: {safe_str(value)}\n"
    lines = [_RULE, what, " Extended stacktrace follows (most recent call last)\n"]
    while trace is not None:
        lines += [_RULE, *_frame(trace)]
        trace = trace.tb_next
    return [*lines, _RULE, what, _RULE]


def for_callers(error: BaseException) -> list[str]:
    """The lines of a traceback that go to the caller of a method that failed."""
    if not config.DETAILED_TRACEBACK:
        return traceback_lines(error)
    return formatted(type(error), error, users_part(error.__traceback__), detailed=True)


def _exception(kind: Any, value: Any, trace: Any) -> tuple[Any, Any, Any]:
    if kind is value is trace is None:
        return sys.exc_info()
    if not isinstance(kind, type):
        raise TypeError(
            f"the type of an exception is expected, then the exception and its traceback; got {kind!r:.80}. "
            "Without arguments it is the exception that is being handled"
        )
    return kind, value, trace


def _frame(trace: TracebackType) -> list[str]:
    code, known = trace.tb_frame.f_code, trace.tb_frame.f_locals
    (summary,) = traceback.extract_tb(trace, 1)
    lines = [
        f'File "{code.co_filename}", line {trace.tb_lineno}, in {_function(code, known)}\n',
        "Source code:\n",
        f"    {summary.line}\n",
    ]
    if code.co_name == "<module>":
        return lines
    lines.append("Local values:\n")
    for name in sorted(known):
        lines.append(f"    {name} = {_shown(known[name])}\n")
        if name == "self":
            attributes = getattr(known[name], "__dict__", {})
            lines += [f"        self.{key} = {_shown(item)}\n" for key, item in list(attributes.items())]
    return lines


def _function(code: CodeType, known: Mapping[str, Any]) -> str:
    """The name of a function, with that of its class if it is a method."""
    return f"{type(known['self']).__name__}.{code.co_name}" if "self" in known else code.co_name


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as problem:  # whatever a user's __repr__ raises: this runs while reporting another error
        return f"<{type(value).__name__}, whose repr raised {type(problem).__name__}>"
