"""The errors of Pyro4, each of which is also the error of this system that it corresponds to."""

from typing import Any

from pyro_core import errors as native


class PyroError(native.PyroError):
    """Base of all errors of Pyro4."""

    def __init__(self, *args: Any) -> None:
        Exception.__init__(self, *args)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, vars(self)


class CommunicationError(PyroError, native.CommunicationError):
    """Something is wrong with the connection, or with what came over it."""

    peer = ""
    retry_safe = False


class ConnectionClosedError(CommunicationError, native.ConnectionClosedError):
    """The connection was closed unexpectedly."""


class TimeoutError(CommunicationError, native.TimeoutError):
    """Something took too long. This is not Python's own ``TimeoutError``."""


class ProtocolError(CommunicationError, native.ProtocolError):
    """The other side sent what the protocol does not allow."""

    offset = None
    expected = None
    received = None


class MessageTooLargeError(ProtocolError, native.MessageTooLarge):
    """A message is larger than ``config.MAX_MESSAGE_SIZE``."""

    size_bytes = 0
    limit_bytes = 0


class SerializeError(ProtocolError, native.SerializeError):
    """Something cannot be serialized or deserialized."""

    serializer = ""


class NamingError(PyroError, native.NamingError):
    """The name server said no, or cannot be found."""


class DaemonError(PyroError, native.DaemonError):
    """The daemon cannot do that."""


class SecurityError(PyroError, native.SecurityError):
    """Something is not allowed."""
