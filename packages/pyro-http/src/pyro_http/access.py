"""Who may use a gateway: tokens in headers, host names, and origins of web pages."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pyro_core.errors import SettingsError
from pyro_http.problems import Problem
from pyro_http.settings import GatewaySettings

MIN_TOKEN_CHARS: Final = 16
"""Shorter tokens can be guessed."""
SOCKET_PROTOCOL: Final = "pyro.stream.v1"
"""Subprotocol of our WebSockets."""
TOKEN_PROTOCOL: Final = "pyro.bearer."
"""Begins the subprotocol that carries the token, as base64url: browsers send no other header of their own."""
_CLASSIC_KEY: Final = "x-pyro-gateway-key"


class Principal(NamedTuple):
    """Who makes a request.

    Attributes:
        name: As the tokens say; empty for somebody without one.
    """

    name: str


ANYBODY: Final = Principal("")

Headers = Mapping[str, str]

Authorize = Callable[[Principal, str, str], bool]
"""Gets who asks, the name of the object and of its member (empty for a look at the object): may they?"""


class Access:
    """Decides on requests, before anything else is done for them.

    Args:
        settings: Have the tokens, hosts and origins.

    Raises:
        SettingsError: If a token cannot be used, or the file cannot be read.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        lines = [*settings.tokens, *_file_lines(settings.token_file)]
        self._tokens = [_name_and_digest(line) for line in lines]
        self._hosts = frozenset(host.lower() for host in settings.allowed_hosts)
        self._origins = frozenset(settings.cors_origins)

    @property
    def asks_for_tokens(self) -> bool:
        """Whether there is any token."""
        return bool(self._tokens)

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

    def principal(self, headers: Headers) -> Principal:
        """Who makes the request.

        Raises:
            Problem: If it takes a token, and there is none, or a wrong one.
        """
        if not self._tokens:
            return ANYBODY
        token = _token_of(headers)
        found = self._named(token) if token is not None else None
        if found is None:
            what = "a token is needed" if token is None else "the token is not known here"
            raise Problem(
                "unauthorized",
                f"{what}; send it in the header Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": 'Bearer realm="pyro"'},
            )
        return found

    def _named(self, token: str) -> Principal | None:
        """Takes the same time for every wrong one."""
        given = _digest(token)
        found = None
        for name, digest in self._tokens:
            if hmac.compare_digest(given, digest):
                found = Principal(name)
        return found

    @staticmethod
    def _is_visit(headers: Headers) -> bool:
        """Whether somebody follows a link to a page, as to the console."""
        return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


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


def _file_lines(path: str | None) -> Iterable[str]:
    if path is None:
        return []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"cannot read the token file {path}: {problem}", name="token_file") from problem
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        raise SettingsError(
            f"the token file {path} has no token; expected lines NAME:TOKEN", name="token_file"
        )
    return found


def _name_and_digest(line: str) -> tuple[str, bytes]:
    name, colon, token = line.partition(":")
    if not colon or not name or len(token) < MIN_TOKEN_CHARS:
        raise SettingsError(
            f"a token cannot be used (that of {name[:40]!r}): expected NAME:TOKEN, with a token of "
            f"{MIN_TOKEN_CHARS} characters or more"
            if colon
            else "a token has no name: expected NAME:TOKEN",
            name="tokens",
        )
    return name, _digest(token)


def _digest(token: str) -> bytes:
    """All of one length, so that comparing them tells nothing, not even how long a token is."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
