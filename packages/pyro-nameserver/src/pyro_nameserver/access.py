"""Who may do what with a name server: tokens and client certificates, mapped to roles."""

from enum import IntEnum

from pyro_core.context import serving
from pyro_core.errors import SecurityError
from pyro_core.identity import ANONYMOUS, Credentials, Principal
from pyro_core.names import NAMESERVER_ID
from pyro_core.settings import NameServerSettings
from pyro_server.access_log import note_denied
from pyro_server.authenticators import ClientCertificates
from pyro_server.tokens import Tokens


class Role(IntEnum):
    """What a client may do; each role may do what the ones before it may."""

    NOBODY = 0
    READ = 1
    REGISTER = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """What it is called among the roles of a principal."""
        return self.name.lower()


class Access:
    """Gives each client its role; an ``Authenticator`` for the name server's daemon.

    Without any token or identity everybody may register. With some, registering takes one; looking names up
    takes one only if there are some for just that. A client that has several roles gets the highest.

    Args:
        settings: Have the tokens and identities; None for none.

    Attributes:
        is_configured: Whether there is any token or identity.
    """

    def __init__(self, settings: NameServerSettings | None = None) -> None:
        self.apply(settings or NameServerSettings())

    def apply(self, settings: NameServerSettings) -> None:
        """Go by these tokens and identities from now on. Connections that there are keep their roles."""
        tokens = {
            Role.READ: settings.read_tokens,
            Role.REGISTER: settings.register_tokens,
            Role.ADMIN: settings.admin_tokens,
        }
        identities = {
            Role.READ: settings.read_identities,
            Role.REGISTER: settings.register_identities,
            Role.ADMIN: settings.admin_identities,
        }
        roles: dict[str, list[str]] = {}
        for role, names in identities.items():
            for name in names:
                roles.setdefault(name, []).append(role.word)
        self._certificates = ClientCertificates(roles=roles)
        # In the order of the roles: of a token that is listed twice the last one counts.
        self._tokens = Tokens(
            {f"{role.word} token": texts for role, texts in tokens.items() if texts},
            roles={f"{role.word} token": [role.word] for role in tokens},
        )
        self.is_configured = bool(roles) or any(tokens.values())
        if not self.is_configured:
            self._usual = Role.REGISTER
        elif settings.read_tokens or settings.read_identities:
            self._usual = Role.NOBODY
        else:
            self._usual = Role.READ

    @property
    def lets_anybody_in(self) -> bool:
        """Whether clients need not say who they are, at least for looking names up."""
        return self._usual is not Role.NOBODY

    def authenticate(self, credentials: Credentials) -> Principal:
        """Who a client is, with its role.

        Raises:
            SecurityError: If the token is wrong, or nothing shows that the client may even look names up.
        """
        if not self.is_configured:
            return ANONYMOUS
        try:
            by_token = self._tokens.authenticate(credentials)
        except SecurityError:
            raise SecurityError(
                "this name server does not know the token; check PYRO_NS_TOKEN, or the setting ns_token"
            ) from None
        by_certificate = self._certificates.authenticate(credentials)
        shown = [principal for principal in (by_certificate, by_token) if principal is not None]
        role = max(self._usual, *map(self._role_of, shown), Role.NOBODY)
        if role is Role.NOBODY:
            raise SecurityError(
                "this name server asks for a token (set PYRO_NS_TOKEN, or the setting ns_token) "
                "or a client certificate that it knows"
            )
        known = shown[0] if shown else ANONYMOUS
        return Principal(known.name, known.proof, frozenset({role.word}), known.claims)

    def required(self, least: Role) -> Role:
        """The role of who makes the call that is being served; REGISTER where none is.

        Raises:
            SecurityError: If it may do less than ``least``.
        """
        call = serving()
        if call is None or not self.is_configured:
            return Role.REGISTER
        role = self._role_of(call.principal)
        if role < least:
            reason = (
                f"changing names takes the role {least.word!r} here, and this client has "
                f"{role.word!r}; give a token for it with PYRO_NS_TOKEN, or the setting ns_token"
            )
            note_denied(
                call.principal,
                call.client_address,
                object=NAMESERVER_ID,
                access="call",
                name=call.method,
                reason=reason,
            )
            raise SecurityError(reason)
        return role

    def _role_of(self, principal: Principal) -> Role:
        """The highest of its roles; that of everybody if it has none."""
        return max((role for role in Role if role.word in principal.roles), default=self._usual)
