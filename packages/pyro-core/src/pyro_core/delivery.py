"""What became of a call that ended with an error."""

from __future__ import annotations

from pyro_core.errors import EXECUTED, MAYBE_EXECUTED, NOT_EXECUTED, CommunicationError, PyroError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, TypeVar

    E = TypeVar("E", bound=BaseException)

_ATTRIBUTE: Final = "_delivery"  # nothing that peers may set


def delivery_of(error: BaseException) -> str:
    """What became of the call that ended with an error of any kind, such as what its method raised.

    Returns:
        ``NOT_EXECUTED``, ``MAYBE_EXECUTED`` or ``EXECUTED``, see ``pyro_core.errors``.
    """
    if isinstance(error, PyroError):
        return error.delivery
    known: str = getattr(error, _ATTRIBUTE, "")
    return known or (EXECUTED if hasattr(error, "_pyroTraceback") else MAYBE_EXECUTED)


def delivered(error: E, delivery: str) -> E:
    """The same error, with a note what became of the call that it ended."""
    setattr(error, _ATTRIBUTE, delivery)
    if isinstance(error, CommunicationError):
        error.retry_safe = delivery == NOT_EXECUTED
    return error
