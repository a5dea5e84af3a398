"""Where a daemon listens, and what it tells others about that."""

import logging
import os
from typing import Any

from pyro_core.net.sockets import is_dual_stack, listen, published_host
from pyro_core.settings import ServerSettings
from pyro_core.uri import URI

log = logging.getLogger("pyro_server.addresses")

UNBOUND = "<<not-bound>>"
"""Stands for the address of a socket that has none, such as one of a socket pair."""


class Addresses:
    """The address of one daemon, and the one it is published under.

    Args:
        host: Host of its own address; None for a Unix socket.
        port: Port of its own address.
        sockname: Path of its Unix socket.
        nathost: Host to publish instead.
        natport: Port to publish instead; 0 for its own.
        owned: Whether the file of the Unix socket is the daemon's to remove.

    Attributes:
        has_nat: Whether it is published under another address.
    """

    def __init__(
        self,
        host: str | None,
        port: int | None,
        sockname: str | None,
        nathost: str | None,
        natport: int,
        *,
        owned: bool = True,
    ) -> None:
        self._own: dict[str, Any] = {"host": host, "port": port, "sockname": sockname}
        self._nat = {"host": nathost, "port": natport or port, "sockname": None} if nathost else self._own
        self.has_nat = bool(nathost)
        self._file = _file_number(sockname) if owned else None

    def uri(self, object_id: str, *, nat: bool = True) -> URI:
        """Address of an object.

        Args:
            object_id: Its id.
            nat: Give the published address rather than the daemon's own.
        """
        return URI.for_location(object_id, **(self._nat if nat else self._own))

    def location(self, *, nat: bool = False) -> str:
        """Where the daemon is, as it is written in addresses."""
        return self.uri("x", nat=nat).location or UNBOUND

    def remove_socket_file(self) -> None:
        """Remove the file of the Unix socket, unless it is gone or somebody else's by now."""
        sockname = self._own["sockname"]
        if self._file is not None and _file_number(sockname) == self._file:
            os.unlink(sockname)


def bind(
    settings: ServerSettings, connected_socket: Any = None, listening_socket: Any = None
) -> tuple[list[Any], Addresses]:
    """Listen where the settings say.

    Args:
        settings: The settings.
        connected_socket: Use this connected socket instead.
        listening_socket: Use this listening socket instead, but publish as the settings say.

    Returns:
        The sockets for the transport, and the addresses to hand out.

    Raises:
        ValueError: If settings contradict each other.
        CommunicationError: If the address cannot be had.
    """
    if settings.nathost and (settings.unixsocket or connected_socket is not None):
        raise ValueError(
            "nathost cannot be used with a Unix socket or a connected socket: they have no host and port"
        )
    if settings.natport and not settings.nathost:
        raise ValueError(
            f"natport {settings.natport} needs nathost as well: together they are the published address"
        )
    if connected_socket is not None:
        return [connected_socket], _of_connected(connected_socket)
    if listening_socket is not None:
        return [listening_socket], _of_listening(listening_socket, settings)
    listeners: list[Any] = list(
        listen(
            settings.host,
            settings.port,
            unixsocket=settings.unixsocket,
            reuse_address=settings.reuse_address,
            prefer_ip_version=settings.prefer_ip_version,
        )
    )
    if settings.unixsocket is not None:
        return listeners, Addresses(None, None, settings.unixsocket, None, 0)
    first = listeners[0]
    host = published_host(settings.host, first.family, dual_stack=is_dual_stack(first))
    port = first.getsockname()[1]
    if host != settings.host:
        log.info("listening on all interfaces, port %d; published as %s", port, settings.nathost or host)
    return listeners, Addresses(host, port, None, settings.nathost, settings.natport)


def _of_listening(sock: Any, settings: ServerSettings) -> Addresses:
    """The address of a socket that somebody else opened; its Unix socket file stays that one's."""
    name = sock.getsockname()
    if not isinstance(name, tuple):
        path = os.fsdecode(name)
        return Addresses(None, None, f"@{path[1:]}" if path.startswith("\0") else path, None, 0, owned=False)
    # Service managers listen on :: for both families: not a wish for IPv6.
    wanted = "" if name[0] == "::" else name[0]
    host = published_host(wanted, sock.family, dual_stack=is_dual_stack(sock))
    return Addresses(host, name[1], None, settings.nathost, settings.natport)


def _of_connected(sock: Any) -> Addresses:
    name = sock.getsockname()
    if isinstance(name, tuple):
        return Addresses(name[0], name[1], None, None, 0)
    if isinstance(name, bytes):
        name = name.decode("utf-8", "surrogateescape")
    return Addresses(None, None, name or UNBOUND, None, 0)


def _file_number(path: str | None) -> int | None:
    """The number of a file, by which it can be told from another one of the same name."""
    if path is None or path.startswith(("\0", "@")):
        return None
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None
