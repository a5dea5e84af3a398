"""Who may use a gateway: tokens in headers, host names, and origins of web pages."""

import base64
import binascii
import logging
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from pyro_core.errors import SecurityError
from pyro_core.identity import ANONYMOUS, Authenticator, Authorizer, Credentials, Decision, Principal
from pyro_core.identity import Access as AccessKind
from pyro_http.problems import Problem
from pyro_http.settings import GatewaySettings
from pyro_server.tokens import Tokens

SOCKET_PROTOCOL: Final = "pyro.stream.v1"
"""Subprotocol of our WebSockets."""
TOKEN_PROTOCOL: Final = "pyro.bearer."
"""Begins the subprotocol that carries the token, as base64url: browsers send no other header of their own."""
_CLASSIC_KEY: Final = "x-pyro-gateway-key"


Headers = Mapping[str, str]

_log = logging.getLogger("pyro_http.access")


class Access:
    """Decides on requests, before anything else is done for them.

    Args:
        settings: Have the hosts and origins, and perhaps a file of tokens.
        authenticate: Are asked who a client is, the first one first. They get its address, and its token
            as if it had been said in a handshake.

    Raises:
        SettingsError: If the file cannot be used.
    """

    def __init__(self, settings: GatewaySettings, authenticate: Sequence[Authenticator] = ()) -> None:
        own = [] if settings.tokens_file is None else [Tokens(file=settings.tokens_file)]
        self._authenticators = [*own, *authenticate]
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._origins = frozenset(settings.cors_origins)

    @property
    def lets_anybody_in(self) -> bool:
        """Whether clients need not say who they are."""
        return not self._authenticators or any(
            getattr(one, "lets_anybody_in", False) for one in self._authenticators
        )

    def check_host(self, headers: Headers) -> None:
        """Refuse requests to other host names, which a hostile page can make point here (DNS rebinding).

        Raises:
            Problem: If the gateway is not known by the host name.
        """
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if "*" not in self._hosts and name not in self._hosts:
            raise Problem(
                "wrong-host",
                f"this gateway is not known as {name!r}; the setting allowed_hosts lists its names",
            )

    def check_origin(self, headers: Headers) -> str | None:
        """The origin to be let in by CORS; None for requests of no other origin.

        Raises:
            Problem: If a page of an origin that is not allowed makes the request.
        """
        origin = headers.get("origin")
        if origin is None:
            if headers.get("sec-fetch-site", "none") in ("cross-site", "same-site") and not self._is_visit(
                headers
            ):
                raise _other_origin("another site")
            return None
        if origin in self._origins:
            return origin
        if urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
            raise _other_origin(origin)
        return None

    def principal(self, headers: Headers, peer: str) -> Principal:
        """Who makes the request.

        Args:
            headers: Of the request.
            peer: Address of the client.

        Raises:
            Problem: If nobody knows the client, or it says something wrong.
        """
        if not self._authenticators:
            return ANONYMOUS
        token = _token_of(headers)
        said = None if token is None else {"token": token}
        try:
            for one in self._authenticators:
                found = one.authenticate(Credentials(said, peer))
                if isinstance(found, Principal):
                    return found
                if found is not None:
                    raise SecurityError("the gateway cannot tell who you are; its log says why")
        except SecurityError as refusal:
            raise _unauthorized(str(refusal)) from refusal
        except Exception as failure:  # of somebody's own authenticator: it lets nobody in
            _log.error("an authenticator failed", exc_info=failure)
            raise _unauthorized("the gateway cannot tell who you are; its log says why") from failure
        raise _unauthorized("a token is needed")

    @staticmethod
    def _is_visit(headers: Headers) -> bool:
        """Whether somebody follows a link to a page, as to the console."""
        return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def decided(
    authorizer: Authorizer | None, principal: Principal, name: str, member: str, access: AccessKind
) -> Decision:
    """What an authorizer says; a no for anything but a ``Decision``.

    Args:
        authorizer: Is asked; None allows everything.
        principal: Who wants to do it.
        name: With which object, by its registered name.
        member: With which method or attribute; empty for a look at the object.
        access: What is to be done.
    """
    if authorizer is None:
        return _ALLOWED
    try:
        decision = authorizer.authorize(principal, name, member, access)
    except Exception as failure:  # of somebody's own authorizer: whatever it raises means no
        _log.error("an authorizer failed", exc_info=failure)
        return _FAILED
    return decision if isinstance(decision, Decision) else _FAILED


_ALLOWED: Final = Decision(True, lasting=True)
_FAILED: Final = Decision(False, "the gateway cannot decide about it; its log says why")


def _unauthorized(why: str) -> Problem:
    return Problem(
        "unauthorized",
        f"{why}; send it in the header Authorization: Bearer TOKEN" if "needed" in why else why,
        headers={"WWW-Authenticate": 'Bearer realm="pyro"'},
    )


def _other_origin(origin: str) -> Problem:
    return Problem(
        "other-origin", f"pages of {origin} may not use this gateway; the setting cors_origins lists who may"
    )


def _token_of(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    for protocol in headers.get("sec-websocket-protocol", "").split(","):
        protocol = protocol.strip()
        if protocol.startswith(TOKEN_PROTOCOL):
            return _from_base64url(protocol.removeprefix(TOKEN_PROTOCOL))
    return headers.get(_CLASSIC_KEY)


def _from_base64url(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""  # no token that anybody has
