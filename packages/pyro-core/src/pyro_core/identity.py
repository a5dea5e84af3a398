"""Who calls, how that was proven, and who decides about it.

An ``Authenticator`` says who the client of a new connection is, an ``Authorizer`` what it may do. Both are
asked in threads that may wait, except by the server type ``multiplex``, which has only one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

Access = Literal["call", "get", "set", "describe"]
"""Call a method; read or write an attribute; ask what an object offers, as proxies do when they connect."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    Attributes:
        name: What it is called here.
        proof: How that was proven: ``token``, ``certificate``, ``unix``, ``handshake``, ``anonymous``, or the
            word of another authenticator.
        roles: What else stands for it in permissions.
        claims: What else is known of it; decided by who proved it.
    """

    name: str
    proof: str
    roles: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return self.name if self.name == self.proof else f"{self.name} ({self.proof})"


ANONYMOUS: Final = Principal("anonymous", "anonymous")
"""Somebody who did not say, or was not asked."""


@dataclass(frozen=True, slots=True)
class UnixPeer:
    """The process at the other end of a Unix socket, as the kernel tells it.

    Attributes:
        uid: Number of the user that it ran as when it connected.
        gid: Number of its group.
        pid: Its own number.
    """

    uid: int
    gid: int
    pid: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of a client when it shakes hands.

    Attributes:
        handshake: What it said.
        peer: Its address, as text.
        certificate: The certificate that TLS has checked, as ``ssl.SSLSocket.getpeercert`` gives it; or None.
        unix: The process, where it came over a Unix socket and the operating system tells; or None.
    """

    handshake: Any = field(default=None, repr=False)
    peer: str = ""
    certificate: Mapping[str, Any] | None = field(default=None, repr=False)
    unix: UnixPeer | None = None

    @property
    def token(self) -> Any:
        """What it said as ``{"token": ...}``; None for nothing."""
        return self.handshake.get("token") if isinstance(self.handshake, dict) else None


class Authenticator(Protocol):
    """Says who a client is. May have a text ``hint``: what a client can show to be known."""

    def authenticate(self, credentials: Credentials) -> Principal | None:
        """Who that is; None if there is nothing to tell it by, so that the next one is asked.

        Args:
            credentials: What is known of the client.

        Raises:
            SecurityError: To turn it away; the client is told the text, which should say what to do.
        """


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed.

    Attributes:
        allowed: Whether it is.
        reason: If not, why, and what to do about it. The client is told.
        lasting: If it is, whether that holds as long as the connection, so that nobody need ask again.
    """

    allowed: bool
    reason: str = ""
    lasting: bool = False


class Authorizer(Protocol):
    """Says what a client may do."""

    def authorize(self, principal: Principal, object_id: str, name: str, access: Access) -> Decision:
        """Whether that is allowed. Whatever is raised means no.

        Args:
            principal: Who wants to do it.
            object_id: With which object; there need not be one of that id.
            name: With which method or attribute; empty for ``"describe"``.
            access: What is to be done.
        """
