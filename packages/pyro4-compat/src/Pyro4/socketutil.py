"""Sockets, for programs that deal with them by themselves."""

# No __all__: programs written for Pyro4 find here whatever its module had, such as ``sys`` and ``socket``.

import contextlib
import errno
import socket
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from Pyro4.configuration import config
from Pyro4.facade import socket_connections
from Pyro4.facade.tls import context_for
from pyro_core.net.sockets import BACKLOG, interface_towards, set_keepalive

if TYPE_CHECKING:
    import ssl

sendData = socket_connections.sendData
receiveData = socket_connections.receiveData
family_str = socket_connections.family_str
SocketConnection = socket_connections.SocketConnection

# Numbers of errors, by what they mean.
ERRNO_RETRIES: Final = socket_connections.ERRNO_RETRIES
ERRNO_BADF: Final = [errno.EBADF]
ERRNO_ENOTSOCK: Final = [errno.ENOTSOCK]
ERRNO_EADDRNOTAVAIL: Final = [errno.EADDRNOTAVAIL]
ERRNO_EADDRINUSE: Final = [errno.EADDRINUSE]

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6, 0: socket.AF_UNSPEC}
_DEFAULT: Final[Any] = object()
_KEEPALIVE_S: Final = 30.0
_OUTSIDE: Final = "192.0.2.1"
"""An address that nobody has. Source: RFC 5737."""


def __getattr__(name: str) -> Any:
    if name == "ssl":  # only when somebody looks, because it takes long
        return import_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# ---- addresses


def getIpVersion(hostnameOrAddress: str) -> int:
    """4 or 6: the kind of address that a host has, the preferred kind if it has both."""
    return 6 if ":" in getIpAddress(hostnameOrAddress) else 4


def getIpAddress(hostname: str | None, workaround127: bool = False, ipVersion: int | None = None) -> str:
    """The address of a host.

    Args:
        hostname: Its name; empty or None for this machine.
        workaround127: Instead of a loopback address, give that of the interface that leads out.
        ipVersion: 4 or 6; 0 for any; None for ``config.PREFER_IP_VERSION``, or any if there is none of that.

    Raises:
        OSError: If there is none.
        ValueError: If there is no such version.
    """
    wanted = ipVersion
    if wanted is None:
        wanted = 0 if hostname and ":" in hostname else config.PREFER_IP_VERSION
    if wanted not in _FAMILIES:
        raise ValueError(f"no such version of IP: {wanted!r}; use 4, 6, or 0 for any")
    name = hostname or socket.gethostname()
    try:
        address = _looked_up(name, wanted)
    except socket.gaierror:
        if wanted == 6:
            raise OSError("unable to determine IPV6 address") from None
        address = _looked_up(name, 0)
    if workaround127 and (address.startswith("127.") or address == "0.0.0.0"):
        return getInterfaceAddress(_OUTSIDE)
    return address


def _looked_up(name: str, version: int) -> str:
    return str(socket.getaddrinfo(name, None, _FAMILIES[version], socket.SOCK_STREAM)[0][4][0])


def getInterfaceAddress(ip_address: str) -> str:
    """This machine's address as another one sees it. Raises OSError if there is no way there."""
    address = interface_towards(ip_address)
    if address is None:
        raise OSError(errno.ENETUNREACH, f"no way to {ip_address}")
    return address


# ---- making sockets


def createSocket(
    bind: Any = None,
    connect: Any = None,
    reuseaddr: bool = False,
    keepalive: bool = True,
    timeout: float | None = _DEFAULT,
    noinherit: bool = False,
    ipv6: bool = False,
    nodelay: bool = True,
    sslContext: "ssl.SSLContext | None" = None,
) -> Any:
    """A socket: listening, connected, or neither.

    Args:
        bind: Listen here: host and port, or the path of a Unix socket.
        connect: Connect to there.
        reuseaddr: The port may be taken again at once.
        keepalive: Have the kernel notice a dead peer.
        timeout: Seconds that an operation may take; 0 or None for any time.
        noinherit: Is always so.
        ipv6: If neither address says.
        nodelay: Send small messages at once.
        sslContext: Speak TLS.

    Raises:
        ValueError: If it is to listen and to connect.
        OSError: If it cannot.
    """
    if bind and connect:
        raise ValueError("bind and connect cannot both be specified at the same time")
    address = bind or connect
    family = _family_of(address, ipv6)
    sock: Any = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != getattr(socket, "AF_UNIX", None):
            if nodelay:
                setNoDelay(sock)
            if reuseaddr:
                setReuseAddr(sock)
            if keepalive:
                setKeepalive(sock)
        if timeout is not _DEFAULT:
            sock.settimeout(timeout or None)
        if bind:
            sock.bind(_own_address(bind))
            sock.listen(BACKLOG)
        elif connect:
            sock.connect(connect)
        return sock if sslContext is None else _secured(sock, sslContext, connect)
    except BaseException:
        sock.close()
        raise


def createBroadcastSocket(
    bind: Any = None, reuseaddr: bool = False, timeout: float | None = _DEFAULT, ipv6: bool = False
) -> socket.socket:
    """A UDP socket for broadcasts.

    Args:
        bind: Host and port to receive on; an empty host or None means all interfaces.
        reuseaddr: The port may be taken again at once.
        timeout: Seconds that an operation may take; 0 or None for any time.
        ipv6: If the address does not say.
    """
    sock = socket.socket(_family_of(bind, ipv6), socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if reuseaddr:
            setReuseAddr(sock)
        if timeout is not _DEFAULT:
            sock.settimeout(timeout or None)
        if bind:
            sock.bind(_own_address(bind))
    except BaseException:
        sock.close()
        raise
    return sock


def _family_of(address: Any, ipv6: bool) -> int:
    if isinstance(address, str | bytes):
        return socket.AF_UNIX
    if address and address[0]:
        ipv6 = getIpVersion(address[0]) == 6
    return socket.AF_INET6 if ipv6 else socket.AF_INET


def _own_address(address: Any) -> Any:
    return address if isinstance(address, str | bytes) else (address[0] or "", *address[1:])


def _secured(sock: socket.socket, context: "ssl.SSLContext", connected_to: Any) -> "ssl.SSLSocket":
    import ssl

    if context.protocol == ssl.PROTOCOL_TLS_SERVER:
        return context.wrap_socket(sock, server_side=True)
    name = connected_to[0] if isinstance(connected_to, tuple) else None
    return context.wrap_socket(sock, server_hostname=name)


def bindOnUnusedPort(sock: socket.socket, host: str = "localhost") -> int:
    """Bind a socket to a free port, and tell which."""
    sock.bind(socket.getaddrinfo(host, 0, sock.family, sock.type)[0][4])
    port: int = sock.getsockname()[1]
    return port


def findProbablyUnusedPort(family: int = socket.AF_INET, socktype: int = socket.SOCK_STREAM) -> int:
    """A port that is free now; another program may take it at any time."""
    with socket.socket(family, socktype) as probe:
        return bindOnUnusedPort(probe)


def setReuseAddr(sock: Any) -> None:
    """Let the port be taken again at once after a restart."""
    if sys.platform != "win32":  # where it would let others take it away
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def setNoDelay(sock: Any) -> None:
    """Send small messages at once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def setKeepalive(sock: Any) -> None:
    """Have the kernel notice a dead peer."""
    set_keepalive(sock, _KEEPALIVE_S)


def setNoInherit(sock: Any) -> None:
    """Do not let child processes have it."""
    sock.set_inheritable(False)


def interruptSocket(address: Any) -> None:
    """Wake up whoever waits for connections at an address."""
    with contextlib.suppress(OSError), createSocket(connect=address, keepalive=False):
        pass


def getSSLcontext(
    servercert: str = "",
    serverkey: str = "",
    clientcert: str = "",
    clientkey: str = "",
    cacerts: str = "",
    keypassword: str = "",
) -> "ssl.SSLContext":
    """What TLS is to be spoken with; the same one for the same arguments.

    Daemons and proxies use it, too: what a program changes about it holds for their connections to come. What
    is left out is as it is configured.

    Args:
        servercert: Certificate of a server; without one it is for a client.
        serverkey: Its private key, if that is in another file.
        clientcert: Certificate of a client.
        clientkey: Its private key, if that is in another file.
        cacerts: File or folder with the authorities to trust.
        keypassword: Password of the private key.

    Raises:
        ValueError: If certificates for both sides are given.
        OSError: If a file cannot be used.
    """
    return context_for(servercert, serverkey, clientcert, clientkey, cacerts, keypassword)
