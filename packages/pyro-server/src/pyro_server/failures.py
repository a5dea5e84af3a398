"""How an exception of a method becomes the payload of a reply."""

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Any, Final

from pyro_core.convert import BatchFailure
from pyro_core.errors import PyroError, SerializeError
from pyro_core.remote_errors import TRACEBACK_ATTRIBUTE, descriptions, remote_traceback_lines, safe_str
from pyro_core.serializer import Serializer

_OUR_FRAMES: Final = frozenset(
    f"pyro_server.{name}"
    for name in (
        "decoding",
        "dispatch",
        "engine",
        "instances",
        "loop_calls",
        "observed",
        "plain_calls",
        "requests",
        "results",
        "repeatable",
        "run_async",
        "special_calls",
    )
)
_MISSING: Final = object()

Trace = Callable[[BaseException], list[str]]
"""Gives the lines of the traceback that goes with an exception."""


def encode_failure(
    serializer: Serializer, error: BaseException, version: int, *, trace: Trace, max_bytes: int
) -> bytes:
    """Encode an exception with the traceback of this side; ever simpler until it can be encoded.

    Args:
        serializer: The request's serializer.
        error: The exception.
        version: Protocol version of the caller.
        trace: Gives the traceback.
        max_bytes: The most that the payload may be.
    """
    with traced(error, trace):
        simpler = descriptions(error, version) if serializer.has_dict_forms else ()
        for wire in (error, *simpler):
            try:
                payload = serializer.encode_value(wire)
            except SerializeError as problem:
                why = str(problem)
                continue
            if len(payload) <= max_bytes:
                return payload
            why = f"it is larger than {max_bytes} bytes"
        substitute = _substitute(error, why)
        try:
            payload = serializer.encode_value(substitute)
            if len(payload) <= max_bytes:
                return payload
        except SerializeError:
            pass  # even its text cannot travel
    last = PyroError(f"{type(error).__name__}, with a text or data too large or too odd to be sent")
    return serializer.encode_value(last)


def encode_batch(serializer: Serializer, results: list[Any], trace: Trace) -> bytes:
    """Encode the results of a batch, the last of which may be a ``BatchFailure``.

    Raises:
        SerializeError: If one of the results cannot travel.
    """
    failure = results[-1] if results else None
    if not isinstance(failure, BatchFailure):
        return serializer.encode_value(results)
    with traced(failure.error, trace):
        try:
            return serializer.encode_value(results)
        except SerializeError as problem:
            substitute = _substitute(failure.error, str(problem))
            return serializer.encode_value([*results[:-1], BatchFailure(substitute)])


def _substitute(error: BaseException, why: str) -> PyroError:
    """An error that quotes one which cannot travel, and has its traceback."""
    quote = PyroError(
        f"Error serializing exception: {why}. Original exception: {type(error)!r}: {safe_str(error)}"
    )
    setattr(quote, TRACEBACK_ATTRIBUTE, remote_traceback_lines(error))
    return quote


@contextlib.contextmanager
def traced(error: BaseException, trace: Trace) -> Iterator[None]:
    """While inside, the exception carries its traceback in the attribute in which it travels."""
    before = vars(error).get(TRACEBACK_ATTRIBUTE, _MISSING)
    setattr(error, TRACEBACK_ATTRIBUTE, trace(error))
    try:
        yield
    finally:
        if before is _MISSING:
            vars(error).pop(TRACEBACK_ATTRIBUTE, None)
        else:
            setattr(error, TRACEBACK_ATTRIBUTE, before)


def traceback_lines(
    error: BaseException, *, detailed: bool = False, modules: Collection[str] = ("*",)
) -> list[str]:
    """The traceback of an exception and its causes, and below it the remote one that it may carry already.

    The frames of this package that merely led to the method are left out.

    Args:
        error: The exception.
        detailed: Show local variables.
        modules: Show lines of these modules and packages only; ``*`` for all.
    """
    import traceback

    trace = users_part(error.__traceback__)
    try:
        shown = traceback.TracebackException(type(error), error, trace, capture_locals=detailed)
    except Exception:  # of a variable's __repr__: the traceback goes without variables
        shown = traceback.TracebackException(type(error), error, trace)
    everything = "*" in modules
    if not everything:
        keep_frames(shown, files_of(modules))
    lines = list(shown.format())
    remote = remote_traceback_lines(error) if everything else ()
    if remote:
        lines += [" +--- That exception came from another process - its traceback there:\n"]
        lines += [f" | {line}\n" for line in "".join(remote).rstrip("\n").split("\n")]
    return lines


def files_of(modules: Collection[str]) -> frozenset[str]:
    """The files of the loaded ones among these modules and packages, with what is in them."""
    begins = tuple(f"{name}." for name in modules)
    return frozenset(
        getattr(module, "__file__", None) or ""
        for name, module in list(sys.modules.items())
        if name in modules or name.startswith(begins)
    )


def keep_frames(shown: Any, files: Collection[str]) -> None:
    """Leave out of a ``TracebackException``, and of those it holds, the frames of all other files."""
    shown.stack[:] = [frame for frame in shown.stack if frame.filename in files]
    for other in (shown.__cause__, shown.__context__, *(getattr(shown, "exceptions", None) or ())):
        if other is not None:
            keep_frames(other, files)


def users_part(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package that merely led to the method."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in _OUR_FRAMES:
        trace = trace.tb_next
    return trace
