"""Who is let in: asks the authenticators of a daemon, one after the other."""

import logging
from collections.abc import Iterable
from typing import Any

from pyro_core.errors import SecurityError
from pyro_core.identity import Authenticator, Credentials, Principal
from pyro_core.net.unix_peers import unix_peer
from pyro_core.settings import ServerSettings
from pyro_server.access_log import note_accepted, note_denied
from pyro_server.authenticators import Anonymous
from pyro_server.connection import Connection

log = logging.getLogger("pyro_server.admission")


class Admission:
    """Finds out who a client is, or turns it away.

    Args:
        authenticators: Asked in this order; the first that knows a client decides.
    """

    def __init__(self, authenticators: Iterable[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)
        for authenticator in self._authenticators:
            if not callable(getattr(authenticator, "authenticate", None)):
                raise TypeError(
                    "authenticate takes a list of authenticators, such as [Tokens({...})]; "
                    f"{type(authenticator).__name__} has no method authenticate"
                )

    @property
    def lets_anybody_in(self) -> bool:
        """Whether clients need not say who they are."""
        return any(getattr(one, "lets_anybody_in", False) for one in self._authenticators)

    @property
    def can_reload(self) -> bool:
        """Whether an authenticator has something to read again."""
        return any(callable(getattr(one, "reload", None)) for one in self._authenticators)

    def reload(self) -> None:
        """Have authenticators read their files again.

        Raises:
            SettingsError: If some cannot be used; those stay what they were.
        """
        for one in self._authenticators:
            if callable(getattr(one, "reload", None)):
                one.reload()  # type: ignore[attr-defined]  # more than an authenticator must have

    def admit(self, connection: Connection, said: Any) -> Any:
        """Note with a connection who its client is.

        Args:
            connection: The connection.
            said: What the client said in the handshake.

        Returns:
            The same without a token, for everybody else to see.

        Raises:
            SecurityError: If it is not let in.
        """
        ask = getattr(connection.socket, "getpeercert", None)
        certificate = (ask() or None) if ask is not None else None
        credentials = Credentials(said, connection.peer, certificate, unix_peer(connection.socket))
        try:
            principal = self._principal_of(credentials)
        except SecurityError as refusal:
            note_denied(None, connection.peer, reason=refusal)
            raise
        connection.principal = principal
        note_accepted(principal, connection.peer)
        return without_token(said)

    def _principal_of(self, credentials: Credentials) -> Principal:
        try:
            for authenticator in self._authenticators:
                principal = authenticator.authenticate(credentials)
                if isinstance(principal, Principal):
                    return principal
                if principal is not None:
                    raise TypeError(f"{authenticator!r} gave {type(principal).__name__}, and no Principal")
        except SecurityError:
            raise
        except Exception as problem:
            log.exception("an authenticator failed for %s, which is turned away", credentials.peer)
            raise SecurityError("this daemon failed to find out who you are; its log tells why") from problem
        hints = [hint for one in self._authenticators if (hint := getattr(one, "hint", ""))]
        raise SecurityError(f"this daemon lets in only whom it knows; show it {' or '.join(hints) or 'more'}")


def without_token(said: Any) -> Any:
    """What a client said in the handshake beside its token; None for nothing."""
    if not isinstance(said, dict) or "token" not in said:
        return said
    rest = {key: value for key, value in said.items() if key != "token"}
    return rest["handshake"] if rest.keys() == {"handshake"} else rest or None


def admission_for(
    settings: ServerSettings, given: Iterable[Authenticator] | None, *, handshakes: bool
) -> Admission | None:
    """Who lets clients into a daemon; None if nobody asks them who they are.

    Args:
        settings: Its settings.
        given: Authenticators to use in place of those that the settings tell of.
        handshakes: Whether it has handshakes.

    Raises:
        ValueError: If there are authenticators, and no handshakes.
        SettingsError: If the file with tokens cannot be used.
    """
    if not handshakes:
        if given is not None:
            raise ValueError("a connected socket has no handshake: authenticate cannot be used with it")
        return None
    authenticators = list(given) if given is not None else []
    if given is None and settings.tokens_file is not None:
        from pyro_server.tokens import Tokens

        authenticators.append(Tokens(file=settings.tokens_file))
    if authenticators and settings.allow_anonymous:
        authenticators.append(Anonymous())
    return Admission(authenticators) if authenticators else None
