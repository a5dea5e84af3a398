"""Errors for calls that are not begun at all."""

from pyro_core.errors import CommunicationError
from pyro_core.expose import is_private
from pyro_core.wire.message import Message


def stopping() -> CommunicationError:
    """The daemon stops."""
    return CommunicationError(
        "the server is stopping and has not begun this call; call another one, or this one again later",
        retry_safe=True,
    )


def too_many_calls(most: int) -> CommunicationError:
    """The client has as many calls under way as it may."""
    return CommunicationError(
        f"too many calls are under way on this connection ({most}); wait for "
        "some, or raise Limits.max_calls_in_flight of the daemon",
        retry_safe=True,
    )


def too_busy(most: int) -> CommunicationError:
    """The daemon has no thread for the call, and as many calls that wait for one as it may."""
    return CommunicationError(
        f"the server is too busy: {most} calls wait for a thread; try again later, or raise "
        "Limits.max_calls_waiting or the number of threads of the daemon",
        retry_safe=True,
    )


def too_often(rate: int) -> CommunicationError:
    """The client calls more often than it may."""
    return CommunicationError(
        f"this connection makes more than {rate} calls in a second; make fewer, put several into a batch, "
        "or raise Limits.max_calls_per_s of the daemon",
        retry_safe=True,
    )


def not_accepted(request: Message) -> str:
    """The text for a request whose serializer must not be touched."""
    return f"message used serializer that is not accepted: {request.serializer_id}"


def not_exposed(name: object) -> AttributeError:
    """A name that remote clients cannot use; says nothing about what the object really has."""
    if isinstance(name, str) and is_private(name):
        return AttributeError(f"attempt to access private attribute {name!r}")
    return AttributeError(f"attempt to access unexposed or unknown remote attribute {name!r}")
