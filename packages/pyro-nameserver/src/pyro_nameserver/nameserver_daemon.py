"""The daemon of a name server: lets in whom the name server knows, and shows signs of life."""

import logging
import socket
from collections.abc import Sequence
from dataclasses import replace

from pyro_core.errors import SettingsError
from pyro_core.net.sockets import is_loopback
from pyro_core.settings import Listen, NameServerSettings, ServerSettings
from pyro_core.uri import URI
from pyro_nameserver.access import Access
from pyro_nameserver.health import Health
from pyro_server.daemon import Daemon

_log = logging.getLogger("pyro_nameserver.service")


class NameServerDaemon(Daemon):
    """Lets in only whom the name server knows.

    Args:
        settings: Of the daemon.
        access: Knows whom to let in.
        health: Is shown signs of life.
        listening: Listening sockets to use instead of opening those that ``settings`` name.
    """

    def __init__(
        self,
        settings: ServerSettings,
        access: Access,
        health: Health,
        listening: Sequence[socket.socket] = (),
    ) -> None:
        if settings.servertype == "prefork" and settings.processes != 1:
            raise SettingsError(
                "the name server keeps what it knows in one process, so that its daemon cannot be served by "
                "'prefork'; use another server type (PYRO_SERVERTYPE=threaded)",
                name="servertype",
            )
        self._health = health
        health.beat_s = settings.timeouts.housekeeping_s
        places = [
            Listen(socket=sock, nathost=settings.nathost, natport=settings.natport) for sock in listening
        ]
        if places:  # what the settings say of places is about sockets that are to be opened
            settings = replace(settings, host="", port=0, unixsocket=None, nathost=None, natport=0)
        super().__init__(settings, listen=places, authenticate=[access])

    def housekeeping(self) -> None:
        self._health.beat()


def access_for(settings: NameServerSettings, daemon_settings: ServerSettings) -> Access:
    """Who may do what.

    Raises:
        SettingsError: If clients are to be known by certificates that nobody asks for.
    """
    identities = (settings.read_identities, settings.register_identities, settings.admin_identities)
    tls = daemon_settings.tls
    if any(identities) and (tls is None or not (tls.cafile or tls.context)):
        raise SettingsError(
            "the name server is to know clients by their certificates, but asks for none; give its daemon "
            "TLS with the authority that signs them (PYRO_SSL=1, PYRO_SSL_SERVERCERT, PYRO_SSL_CACERTS)",
            name="identities",
        )
    return Access(settings)


def warn_if_reachable(uri: URI, settings: ServerSettings) -> None:
    """Say so loudly if others than this machine's users can change the names."""
    known = settings.tls is not None and settings.tls.require_client_cert
    if not known and uri.host is not None and not is_loopback(uri.host):
        _log.warning(
            "everybody who reaches %s can register and remove names; let in only who has a token "
            "(PYRO_NS_REGISTER_TOKENS) or a client certificate (TLS with require_client_cert), "
            "or listen on localhost",
            uri.location,
        )
