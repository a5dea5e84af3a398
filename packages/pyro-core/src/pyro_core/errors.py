"""Every error that this system raises by itself.

The data is in fields; the text is built from them and says what happened, what was expected and what to
do. Catch ``PyroError`` for all of them, or one branch::

    PyroError
    |- CommunicationError  .peer .retry_safe
    |  |- ConnectionClosedError, TimeoutError, ConnectionRejected(.reason)
    |- ProtocolError  .offset .expected .received
    |  |- MessageTooLarge(.size_bytes .limit_bytes)
    |- SerializeError  .serializer
    |- NamingError
    |  |- NameNotFound(.name .near), NameTaken(.name), NameServerNotFound(.tried)
    |- DaemonError
    |- CallCancelled
    |- SecurityError
    |- PluginError  .group .name
    `- RemoteError  .type_name .message .remote_traceback
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

NOT_EXECUTED: Final = "not executed"
"""The call did not begin and will not: making it again is safe."""
MAYBE_EXECUTED: Final = "maybe executed"
"""Nobody here can tell: the call may have been executed, in part or as a whole, or may still run."""
EXECUTED: Final = "executed"
"""The server has answered: the call is over, and was not left out."""


class PyroError(Exception):
    """Base of every error of this system."""

    _delivery: str = ""  # set by who knows better than the kind of error tells

    @property
    def delivery(self) -> str:
        """What became of the call that failed so: ``NOT_EXECUTED``, ``MAYBE_EXECUTED`` or ``EXECUTED``."""
        return self._delivery or (EXECUTED if "_pyroTraceback" in vars(self) else MAYBE_EXECUTED)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are copied by calling their class with their text; here that text is built from fields.
        return _again, (type(self), self.args, dict(vars(self)))


class SettingsError(PyroError, ValueError):
    """A setting has a value that cannot be used.

    Args:
        text: What is wrong and what is allowed.
        name: Name of the setting, as the user wrote it.
    """

    def __init__(self, text: str = "", *, name: str = "") -> None:
        super().__init__(text)
        self.name = name


class CommunicationError(PyroError):
    """The connection failed, or could not be made.

    Args:
        text: What happened and what to do.
        peer: Address of the other side, as text; empty if unknown.
        retry_safe: True if the request cannot have been executed, so that sending it again is safe.
    """

    def __init__(self, text: str = "", *, peer: str = "", retry_safe: bool = False) -> None:
        super().__init__(text)
        self.peer = peer
        self.retry_safe = retry_safe

    @property
    def delivery(self) -> str:
        """What became of the call."""
        return NOT_EXECUTED if self.retry_safe else super().delivery


class ConnectionClosedError(CommunicationError):
    """The other side went away in the middle of something."""


class TimeoutError(CommunicationError):
    """The deadline of a call, a connection or a handshake passed."""


class ConnectionRejected(CommunicationError):
    """The server answered the handshake with a refusal.

    Args:
        reason: The server's own words.
        peer: Address of the server.
    """

    def __init__(self, reason: str = "", *, peer: str = "") -> None:
        where = f"connection to {peer} rejected" if peer else "connection rejected"
        super().__init__(f"{where}: {reason}", peer=peer, retry_safe=True)
        self.reason = reason


class ProtocolError(PyroError):
    """The other side sent bytes that the protocol does not allow.

    Args:
        text: What happened.
        offset: Offset in the message where it went wrong, in bytes; None if it has no place.
        expected: What the protocol asks for there.
        received: What came instead.
    """

    def __init__(
        self,
        text: str = "",
        *,
        offset: int | None = None,
        expected: object = None,
        received: object = None,
    ) -> None:
        super().__init__(text)
        self.offset = offset
        self.expected = expected
        self.received = received


class MessageTooLarge(ProtocolError):
    """A message is larger than the limit that is in force.

    Args:
        size_bytes: Size of the message, or the part of it that was seen before giving up.
        limit_bytes: The limit.
        what: What was measured, for the text.
    """

    def __init__(self, size_bytes: int = 0, limit_bytes: int = 0, what: str = "message") -> None:
        super().__init__(
            f"{what} of {size_bytes} bytes is larger than the limit of {limit_bytes} bytes; "
            "send less at a time, or raise the limit on the receiving side",
            expected=limit_bytes,
            received=size_bytes,
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class SerializeError(PyroError):
    """A value cannot be serialized, or a payload not be understood. The connection survives.

    Args:
        text: What happened and what to do.
        serializer: Name of the serializer.
    """

    def __init__(self, text: str = "", *, serializer: str = "") -> None:
        super().__init__(text)
        self.serializer = serializer


class NamingError(PyroError):
    """The name server said no, or could not be asked."""


class NameNotFound(NamingError):
    """No such name is registered.

    Args:
        name: The name that was asked for.
        near: Registered names that look alike.
    """

    def __init__(self, name: str = "", near: Iterable[str] = ()) -> None:
        self.name = name
        self.near = tuple(near)
        hint = f"; did you mean {' or '.join(map(repr, self.near))}?" if self.near else ""
        super().__init__(f"unknown name: {name}{hint}")


class NameTaken(NamingError):
    """The name is registered already, and the caller asked not to replace it.

    Args:
        name: The name.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(f"name already registered: {name}")
        self.name = name


class NameOwned(NamingError):
    """The name is registered under a lease, and only its owner may change it while that lasts.

    Args:
        name: The name.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(
            f"name {name!r} is registered under a lease of somebody else; "
            "give the owner's token, wait until the lease ends, or choose another name"
        )
        self.name = name


class RevisionGone(NamingError):
    """The changes since a revision are not known: there were too many, or it is of another storage.

    Args:
        revision: The revision.
    """

    def __init__(self, revision: int = 0) -> None:
        super().__init__(
            f"the changes since revision {revision} are not known any more; "
            "read all names, and go on from there"
        )
        self.revision = revision


class NameServerNotFound(NamingError):
    """No name server answered.

    Args:
        tried: Pairs of address and the reason why it did not serve, in the order tried.
        refused: Whether the last one is there, but does not let this client in.
    """

    def __init__(self, tried: Sequence[tuple[str, str]] = (), *, refused: bool = False) -> None:
        self.tried = tuple((str(address), str(reason)) for address, reason in tried)
        attempts = "; ".join(f"{address}: {reason}" for address, reason in self.tried) or "nothing was tried"
        hint = "Start one with 'pyro-cli ns serve', or name its address with PYRO_NS_HOST and PYRO_NS_PORT"
        if refused:
            hint = "It is there, but does not let this client in"
        super().__init__(f"Failed to locate the nameserver ({attempts}). {hint}")


class DaemonError(PyroError):
    """The daemon cannot do that: unknown object, id taken, object not registered."""


class SecurityError(PyroError):
    """Refused on purpose: private or unexposed member, serializer not accepted, not authorized."""


class CallCancelled(PyroError):
    """The caller took the call back before it was done, or went away."""


class PluginError(PyroError):
    """A plugin is unknown, in conflict with another, or broken.

    Args:
        text: What is wrong and how to repair it.
        group: Entry-point group.
        name: Name of the plugin.
    """

    def __init__(self, text: str = "", *, group: str = "", name: str = "") -> None:
        super().__init__(text)
        self.group = group
        self.name = name


class RemoteError(PyroError):
    """A remote exception whose type is not known (or not allowed) here.

    Args:
        type_name: Full name of its type on the other side, such as ``"shop.OutOfStock"``.
        message: ``str()`` of the remote exception's arguments.
        remote_args: Its arguments, as far as they could be decoded.
    """

    def __init__(self, type_name: str = "", message: str = "", remote_args: Sequence[object] = ()) -> None:
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.type_name = type_name
        self.message = message
        self.remote_args = tuple(remote_args)
        self._pyroTraceback: list[str] | None = None

    @property
    def remote_traceback(self) -> str:
        """Traceback of the other side as text; empty if it sent none."""
        return "".join(self._pyroTraceback or ())


def _again(kind: type[PyroError], args: tuple[object, ...], state: dict[str, object]) -> PyroError:
    """The copy of an error, for pickle and copy."""
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error
