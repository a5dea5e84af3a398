"""Ways to find out who a client is, except by tokens (``pyro_server.tokens``)."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from pyro_core.errors import SettingsError
from pyro_core.identity import ANONYMOUS, Credentials, Principal

_NAMES_IN_CERTIFICATES: Final = frozenset({"DNS", "URI", "email"})


class Anonymous:
    """Lets in everybody else, as the principal ``anonymous``. To be the last one that is asked."""

    lets_anybody_in = True

    def authenticate(self, credentials: Credentials) -> Principal:
        """``ANONYMOUS``."""
        return ANONYMOUS


class ClientCertificates:
    """Knows clients by the certificates that TLS has checked. The server's TLS needs ``cafile`` for that.

    Args:
        names: Whom to know: common names, or DNS, URI or e-mail names; None for every certificate that the
            authority has signed. The principal is called by the certificate's first name that is known.
        roles: Name in a certificate, or ``*`` for every certificate -> roles that it gives.
    """

    hint = "a client certificate that it knows"

    def __init__(
        self, names: Collection[str] | None = None, roles: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self._names = None if names is None else frozenset(several(names, "names"))
        self._roles = {name: several(given, "roles") for name, given in (roles or {}).items()}

    def authenticate(self, credentials: Credentials) -> Principal | None:
        """Whose certificate it is."""
        if not credentials.certificate:
            return None
        names = tuple(names_in(credentials.certificate))
        known = [name for name in names if self._names is None or name in self._names]
        if not known:
            return None
        roles = frozenset(role for name in ("*", *names) for role in self._roles.get(name, ()))
        return Principal(known[0], "certificate", roles, {"names": names})


class UnixPeers:
    """Knows clients on this machine by the users that they run as, where they come over a Unix socket.

    The principal is called by its user's name; its roles are those of ``groups`` that it is in.

    Args:
        users: Names or numbers of users to let in; with neither users nor groups, the daemon's own user.
        groups: Names or numbers of groups whose members are let in.

    Raises:
        SettingsError: If there is no such user or group.
    """

    hint = "a user that it knows, over a Unix socket"

    def __init__(self, users: Collection[str | int] = (), groups: Collection[str | int] = ()) -> None:
        several(users, "users")
        several(groups, "groups")
        self._users = {_uid(user) for user in users} if users or groups else {os.getuid()}
        self._groups = {_gid(group): str(group) for group in groups}

    def authenticate(self, credentials: Credentials) -> Principal | None:
        """Whose process it is."""
        peer = credentials.unix
        if peer is None:
            return None
        name = _user_name(peer.uid)
        gids = {peer.gid, *(os.getgrouplist(name, peer.gid) if name is not None else ())}
        roles = frozenset(self._groups[gid] for gid in gids & self._groups.keys())
        if peer.uid not in self._users and not roles:
            return None
        claims = {"uid": peer.uid, "gid": peer.gid, "pid": peer.pid}
        return Principal(name or str(peer.uid), "unix", roles, claims)


class HandshakeHook:
    """Asks a function of the program.

    Args:
        function: Gets what the client said in the handshake. Gives its name, a ``Principal``, or None if it
            does not know the client; raises SecurityError to turn it away with a reason.
        hint: What clients are told that nobody knows.
    """

    def __init__(
        self, function: Callable[[Any], Principal | str | None], hint: str = "the handshake value it wants"
    ) -> None:
        self._function = function
        self.hint = hint

    def authenticate(self, credentials: Credentials) -> Principal | None:
        """Whom the function takes it for."""
        found = self._function(credentials.handshake)
        return Principal(found, "handshake") if isinstance(found, str) else found


def names_in(certificate: Mapping[str, Any]) -> Iterable[str]:
    """Whose certificate it is: its common names, and its DNS, URI and e-mail names.

    Args:
        certificate: As ``ssl.SSLSocket.getpeercert`` gives it.
    """
    for part in certificate.get("subject", ()):
        yield from (value for key, value in part if key == "commonName")
    others = certificate.get("subjectAltName", ())
    yield from (name for kind, name in others if kind in _NAMES_IN_CERTIFICATES)


def several(values: Collection[Any], what: str) -> Collection[Any]:
    """The same values; raises TypeError for one text, which would be taken for its letters."""
    if isinstance(values, str | bytes):
        raise TypeError(f"{what} must be several texts, like [{values!r}], not one")
    return values


def _user_name(uid: int) -> str | None:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _uid(user: str | int) -> int:
    if isinstance(user, int):
        return user
    import pwd

    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise SettingsError(f"there is no user {user!r} on this machine", name="users") from None


def _gid(group: str | int) -> int:
    if isinstance(group, int):
        return group
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise SettingsError(f"there is no group {group!r} on this machine", name="groups") from None
