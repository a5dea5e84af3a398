"""Tracebacks of remote exceptions as text."""

import sys
import traceback
from types import TracebackType
from typing import Any

from pyro_core.remote_errors import remote_traceback_lines

_BEGIN = " +--- This exception occured remotely (Pyro) - Remote traceback:"
_END = " +--- End of remote traceback"
_RULE = "-" * 52


def with_remote(kind: Any = None, value: Any = None, trace: Any = None) -> list[str]:
    """The lines of a traceback, followed by the remote one if the exception came from another process.

    Args:
        kind: Type of the exception; None takes all three from the exception that is being handled.
        value: The exception.
        trace: Its traceback.

    Raises:
        TypeError: If only an exception is given.
    """
    _check(kind, value, trace)
    if kind is None and value is None and trace is None:
        kind, value, trace = sys.exc_info()
    lines = formatted(kind, value, trace)
    remote = remote_traceback_lines(value) if isinstance(value, BaseException) else []
    if not remote:
        return lines
    text = "".join(remote).rstrip("\n").split("\n")
    return [*lines, f"{_BEGIN}\n", *(f" | {line}\n" for line in text), f"{_END}\n"]


def formatted(kind: Any = None, value: Any = None, trace: Any = None, *, detailed: bool = False) -> list[str]:
    """The lines of a local traceback.

    Args:
        kind: Type of the exception; None takes all three from the exception that is being handled.
        value: The exception.
        trace: Its traceback.
        detailed: Show the local variables of each frame.
    """
    _check(kind, value, trace)
    if kind is None and value is None and trace is None:
        kind, value, trace = sys.exc_info()
    if not detailed:
        return traceback.format_exception(kind, value, trace)
    lines = [
        f"{_RULE}\n",
        f" EXCEPTION {kind}: {value}\n",
        " Extended stacktrace follows (most recent call last)\n",
    ]
    while trace is not None:
        lines += [f"{_RULE}\n", *_frame(trace)]
        trace = trace.tb_next
    return [*lines, f"{_RULE}\n", f" EXCEPTION {kind}: {value}\n", f"{_RULE}\n"]


def _check(kind: Any, value: Any, trace: Any) -> None:
    if kind is not None and value is None and trace is None and not isinstance(kind, type):
        raise TypeError("invalid argument types: give type, value and traceback, or nothing")


def _frame(trace: TracebackType) -> list[str]:
    frame = trace.tb_frame
    code = frame.f_code
    (summary,) = traceback.extract_tb(trace, 1)
    lines = [f'File "{code.co_filename}", line {trace.tb_lineno}, in {code.co_qualname}\n', "Source code:\n"]
    lines += [f"    {summary.line}\n", "Local values:\n"]
    known = frame.f_locals
    lines += [f"    {name} = {_shown(known[name])}\n" for name in sorted(known)]
    owner = known.get("self")
    if owner is not None:
        lines += [
            f"        self.{name} = {_shown(value)}\n"
            for name, value in sorted(getattr(owner, "__dict__", {}).items())
        ]
    return lines


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as problem:
        return f"<{type(value).__name__}, whose repr raised {type(problem).__name__}>"
