"""Who may do what with a name server: tokens and client certificates, mapped to roles."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from pyro_core.context import serving
from pyro_core.errors import SecurityError
from pyro_core.settings import NameServerSettings

if TYPE_CHECKING:
    from pyro_server.connection import Connection

ANY_IDENTITY: Final = "*"
"""Stands for every certificate that the server's authority has signed."""
_NAMES_IN_CERTIFICATES: Final = frozenset({"DNS", "URI", "email"})


class Role(IntEnum):
    """What a client may do; each role may do what the ones before it may."""

    NOBODY = 0
    READ = 1
    REGISTER = 2
    ADMIN = 3


class Access:
    """Gives each connection its role.

    Without any token or identity everybody may register. With some, registering takes one; looking names up
    takes one only if there are some for just that. A client that has several roles gets the highest.

    Args:
        settings: Have the tokens and identities; None for none.

    Attributes:
        is_configured: Whether there is any token or identity.
    """

    def __init__(self, settings: NameServerSettings | None = None) -> None:
        self._roles: WeakKeyDictionary[Connection, Role] = WeakKeyDictionary()
        self.apply(settings or NameServerSettings())

    def apply(self, settings: NameServerSettings) -> None:
        """Go by these tokens and identities from now on. Connections that there are keep their roles."""
        tokens = {
            Role.READ: settings.read_tokens,
            Role.REGISTER: settings.register_tokens,
            Role.ADMIN: settings.admin_tokens,
        }
        self._digests = [(role, _digest(token)) for role, texts in tokens.items() for token in texts]
        self._identities: Mapping[Role, frozenset[str]] = {
            Role.READ: frozenset(settings.read_identities),
            Role.REGISTER: frozenset(settings.register_identities),
            Role.ADMIN: frozenset(settings.admin_identities),
        }
        self.is_configured = bool(self._digests) or any(self._identities.values())
        if not self.is_configured:
            self._usual = Role.REGISTER
        elif settings.read_tokens or settings.read_identities:
            self._usual = Role.NOBODY
        else:
            self._usual = Role.READ

    def admit(self, connection: "Connection", said: Any) -> None:
        """Decide on the role of a connection.

        Args:
            connection: The connection; what it said is not kept with it.
            said: In the handshake: ``{"token": TEXT}``, or anything else for no token.

        Raises:
            SecurityError: If the token is wrong, or nothing shows that the client may even look names up.
        """
        if not self.is_configured:
            return
        connection.handshake = None
        role = max(self._usual, self._role_of(connection.socket))
        token = said.get("token") if isinstance(said, dict) else None
        if token is not None:
            by_token = self._role_for(token)
            if by_token is Role.NOBODY:
                raise SecurityError(
                    "this name server does not know the token; check PYRO_NS_TOKEN, or the setting ns_token"
                )
            role = max(role, by_token)
        if role is Role.NOBODY:
            raise SecurityError(
                "this name server asks for a token (set PYRO_NS_TOKEN, or the setting ns_token) "
                "or a client certificate that it knows"
            )
        self._roles[connection] = role

    def required(self, least: Role) -> Role:
        """The role of who makes the call that is being served; REGISTER where none is.

        Raises:
            SecurityError: If it may do less than ``least``.
        """
        call = serving()
        if call is None or not self.is_configured:
            return Role.REGISTER
        role = self._roles.get(call.connection, self._usual)
        if role < least:
            raise SecurityError(
                f"changing names takes the role {least.name.lower()!r} here, and this client has "
                f"{role.name.lower()!r}; give a token for it with PYRO_NS_TOKEN, or the setting ns_token"
            )
        return role

    def _role_for(self, token: object) -> Role:
        """That of a token. Takes the same time for every wrong one."""
        given = _digest(token if isinstance(token, str) else "")
        found = Role.NOBODY
        for role, digest in self._digests:
            if hmac.compare_digest(given, digest):
                found = max(found, role)
        return found

    def _role_of(self, sock: Any) -> Role:
        """That of the certificate that a client has shown, which TLS has checked."""
        ask = getattr(sock, "getpeercert", None)
        certificate = ask() if ask is not None else None
        if not certificate:
            return Role.NOBODY
        names = {ANY_IDENTITY, *names_in(certificate)}
        return max((role for role, known in self._identities.items() if known & names), default=Role.NOBODY)


def names_in(certificate: Mapping[str, Any]) -> Iterable[str]:
    """Whose certificate it is: its common names, and its DNS, URI and e-mail names.

    Args:
        certificate: As ``ssl.SSLSocket.getpeercert`` gives it.
    """
    for part in certificate.get("subject", ()):
        yield from (value for key, value in part if key == "commonName")
    others = certificate.get("subjectAltName", ())
    yield from (name for kind, name in others if kind in _NAMES_IN_CERTIFICATES)


def _digest(token: str) -> bytes:
    """All of one length, so that comparing them tells nothing, not even how long a token is."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
