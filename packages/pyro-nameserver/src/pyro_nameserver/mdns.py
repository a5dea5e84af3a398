"""Announces a name server by multicast DNS. Needs the package ``zeroconf``."""

import secrets
import socket
from typing import TYPE_CHECKING, Any

from pyro_core.discovery import MDNS_TYPE
from pyro_core.errors import NamingError, PluginError
from pyro_core.uri import URI

if TYPE_CHECKING:
    from zeroconf import Zeroconf


class MdnsAnnouncement:
    """Says where a name server is, from ``start`` until ``close``.

    Args:
        uri: Its address, as published.

    Raises:
        PluginError: If the package ``zeroconf`` is not installed.
    """

    def __init__(self, uri: URI) -> None:
        try:
            import zeroconf
        except ImportError as problem:
            raise PluginError(
                "multicast DNS needs the package zeroconf: pip install 'pyro-nameserver[mdns]', "
                "or switch the setting mdns off",
                name="mdns",
            ) from problem
        self._zeroconf = zeroconf
        self._uri = uri
        self._network: Zeroconf | None = None

    def start(self) -> None:
        """Say it, and answer from now on.

        Raises:
            NamingError: If there is no network to say it in.
        """
        try:
            found = socket.getaddrinfo(self._uri.host, self._uri.port, type=socket.SOCK_STREAM)
            addresses = sorted({str(address[0]) for _, _, _, _, address in found})
            name = f"{socket.gethostname().partition('.')[0]}-{secrets.token_hex(4)}"
            info = self._zeroconf.ServiceInfo(
                MDNS_TYPE,
                f"{name}.{MDNS_TYPE}",
                parsed_addresses=addresses,
                port=self._uri.port,
                server=f"{name}.local.",
            )
            self._network = self._zeroconf.Zeroconf()
            self._network.register_service(info)
        except OSError as problem:
            self.close()
            raise NamingError(
                f"cannot announce {self._uri.location} by multicast DNS: {problem}; "
                "switch the setting mdns off, or repair the network"
            ) from problem

    def close(self) -> None:
        """Take it back. May be called more than once."""
        network, self._network = self._network, None
        if network is not None:
            network.unregister_all_services()
            network.close()

    def __enter__(self) -> "MdnsAnnouncement":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
