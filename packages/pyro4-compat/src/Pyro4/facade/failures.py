"""The errors of the packages below, as the errors that programs written for Pyro4 catch."""

from collections.abc import Iterator
from contextlib import contextmanager

from Pyro4 import errors
from pyro_core import errors as native
from pyro_core.wire.message import BATCH, ONEWAY, Message
from pyro_core.wire.sealed import SealError


class CircularError(errors.SerializeError, ValueError):
    """A value contains itself, which most formats cannot write."""


_CLASSIC: dict[type[native.PyroError], type[errors.PyroError]] = {
    native.ConnectionClosedError: errors.ConnectionClosedError,
    native.TimeoutError: errors.TimeoutError,
    native.CommunicationError: errors.CommunicationError,
    native.MessageTooLarge: errors.MessageTooLargeError,
    SealError: errors.SecurityError,
    native.ProtocolError: errors.ProtocolError,
    native.SerializeError: errors.SerializeError,
    native.PluginError: errors.SerializeError,
    native.RemoteError: errors.SerializeError,
    native.NamingError: errors.NamingError,
    native.DaemonError: errors.DaemonError,
    native.SecurityError: errors.SecurityError,
    native.PyroError: errors.PyroError,
}


def classic(error: BaseException) -> BaseException:
    """The same error as Pyro4's class for it; what is no error of ours stays as it is.

    Args:
        error: What was raised.
    """
    if not isinstance(error, native.PyroError) or isinstance(error, errors.PyroError):
        return error
    if isinstance(error, native.SerializeError) and any(
        word in str(error) for word in ("itself", "recursion")
    ):
        kind: type[errors.PyroError] = CircularError
    else:
        kind = next(kind for known, kind in _CLASSIC.items() if isinstance(error, known))
    made = kind(*_text_of(error))
    vars(made).update(vars(error))
    made.__cause__ = error.__cause__
    made.__suppress_context__ = True
    return made.with_traceback(error.__traceback__)


def hangs_up(request: Message, error: BaseException) -> bool:
    """Whether a call that raises this is not answered, and its connection ends, so that clients call again.

    Args:
        request: The call, or the batch that it is part of.
        error: What it raised.
    """
    if request.flags & ONEWAY:
        return False
    if not isinstance(error, Exception):
        return True
    breaks = isinstance(error, errors.CommunicationError) and not isinstance(error, errors.SerializeError)
    return breaks and not request.flags & BATCH


def _text_of(error: native.PyroError) -> tuple[object, ...]:
    """The arguments of an error, in the words that programs look for."""
    if isinstance(error, native.TimeoutError) and "answer" in str(error):
        return ("receiving: timeout",)
    if isinstance(error, native.RemoteError):
        return (f"unsupported serialized class: {error.type_name} ({error.message})",)
    if isinstance(error, native.SerializeError) and str(error).startswith("unsupported serialized class: "):
        return (str(error).partition(";")[0],)
    return error.args


@contextmanager
def classic_errors() -> Iterator[None]:
    """Whatever is raised inside is raised as Pyro4's error. Also a decorator."""
    try:
        yield
    except native.PyroError as error:
        made = classic(error)
        if made is error:
            raise
        raise made from error.__cause__
