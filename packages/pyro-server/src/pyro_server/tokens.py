"""Clients that are known by secret texts."""

import hashlib
import hmac
import logging
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from pyro_core.errors import SecurityError, SettingsError
from pyro_core.identity import Credentials, Principal
from pyro_server.authenticators import several

HASHED: Final = "sha256:"
"""What a token begins with that is told by its hash."""

log = logging.getLogger("pyro_server.tokens")


class _Known(NamedTuple):
    digest: bytes
    principal: Principal


class Tokens:
    """Knows clients by tokens, which they say as ``{"token": TEXT}`` in the handshake.

    ``proxy._pyro.token = TEXT`` does that. Make tokens long and random, such as with
    ``secrets.token_urlsafe()``: their hashes are of use only as long as nobody can guess the tokens.

    Args:
        tokens: Name of a client -> its token, or several; what ``Tokens.hashed`` gives stands for a token.
        roles: Name of a client -> its roles.
        file: TOML file with more: ``name = "TOKEN"``, or a table ``[name]`` with ``token`` (a text or a list)
            and ``roles``. It is read again when it has changed; one that cannot be used changes nothing.

    Raises:
        SettingsError: If the file cannot be used, or something in it, or given here, is no token.
    """

    hint = "a token (proxy._pyro.token = TEXT; the setting token; or the handshake value {'token': TEXT})"

    def __init__(
        self,
        tokens: Mapping[str, str | Collection[str]] | None = None,
        *,
        roles: Mapping[str, Collection[str]] | None = None,
        file: "str | os.PathLike[str] | None" = None,
    ) -> None:
        roles = roles or {}
        self._given = [
            known
            for name, texts in (tokens or {}).items()
            for known in _known(name, texts, roles.get(name, ()), "the tokens given")
        ]
        self._file = file
        self._stamp: object = None
        self._known = self._given
        if file is not None:
            self._stamp = _stamp(file)
            self._known = [*self._given, *_read(file)]

    @staticmethod
    def hashed(token: str) -> str:
        """What can stand for a token where it is kept: whoever reads it cannot use it."""
        return HASHED + _digest(token).hex()

    def authenticate(self, credentials: Credentials) -> Principal | None:
        """Whose token it is. Takes the same time for every wrong one.

        Raises:
            SecurityError: If nobody's.
        """
        token = credentials.token
        if token is None:
            return None
        self._look_again()
        given = _digest(token if isinstance(token, str) else "")
        found = None
        for digest, principal in self._known:
            if hmac.compare_digest(given, digest):
                found = principal
        if found is None:
            raise SecurityError(
                "this server does not know the token; check the one that you say, or ask its operator for one"
            )
        return found

    def reload(self) -> None:
        """Read the file again now.

        Raises:
            SettingsError: If it cannot be used; nothing changes then.
        """
        if self._file is not None:
            self._stamp = _stamp(self._file)
            self._known = [*self._given, *_read(self._file)]

    def __repr__(self) -> str:
        return f"<Tokens of {len({known.principal.name for known in self._known})} clients>"

    def _look_again(self) -> None:
        if self._file is None or self._stamp == _stamp(self._file):
            return
        try:
            self.reload()
        except SettingsError as problem:
            log.error("%s; the tokens stay what they were", problem)


def _read(file: "str | os.PathLike[str]") -> Iterable[_Known]:
    where = os.fspath(file)
    try:
        with open(file, "rb") as opened:
            table = tomllib.load(opened)
    except OSError as problem:
        raise SettingsError(
            f"cannot read the tokens in {where}: {problem.strerror}", name="tokens_file"
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        # Not as a cause, which has the whole document.
        at = f": {problem}" if isinstance(problem, tomllib.TOMLDecodeError) else ", which is written in UTF-8"
        raise SettingsError(
            f'{where} is not valid TOML{at}; write lines like name = "TOKEN"', name="tokens_file"
        ) from None
    return [known for name, entry in table.items() for known in _of_entry(name, entry, where)]


def _of_entry(name: str, entry: Any, where: str) -> list[_Known]:
    if not isinstance(entry, dict):
        return _known(name, entry, (), where)
    unknown = entry.keys() - {"token", "roles"}
    roles = entry.get("roles", [])
    if unknown or not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise SettingsError(
            f"[{name}] in {where} may have token, a text or a list of them, and roles, a list of texts",
            name="tokens_file",
        )
    return _known(name, entry.get("token"), roles, where)


def _known(name: str, texts: Any, roles: Collection[str], where: str) -> list[_Known]:
    """The tokens of one client."""
    principal = Principal(name, "token", frozenset(several(roles, "roles")))
    all_of_them = [texts] if isinstance(texts, str) else texts
    several_texts = isinstance(all_of_them, Collection) and bool(all_of_them)
    if not several_texts or not all(isinstance(text, str) and text for text in all_of_them):
        raise SettingsError(
            f"{name!r} has no token in {where}; a token is a text that is not empty", name="tokens"
        )
    return [_Known(_digest_of(text, name, where), principal) for text in all_of_them]


def _digest_of(text: str, name: str, where: str) -> bytes:
    if not text.startswith(HASHED):
        return _digest(text)
    try:
        digest = bytes.fromhex(text[len(HASHED) :])
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise SettingsError(
            f"a token of {name!r} in {where} begins with {HASHED} and is no hash: "
            "64 hexadecimal digits must follow",
            name="tokens",
        )
    return digest


def _digest(token: str) -> bytes:
    """All of one length, so that comparing them tells nothing, not even how long a token is."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _stamp(file: "str | os.PathLike[str]") -> object:
    """Differs when the file is another one, or has changed; None if there is none."""
    try:
        known = os.stat(file)
    except OSError:
        return None
    return known.st_mtime_ns, known.st_size, known.st_ino
