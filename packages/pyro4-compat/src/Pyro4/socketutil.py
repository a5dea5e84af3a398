"""Sockets, for programs that deal with them by themselves."""

# No __all__: programs written for Pyro4 find here whatever its module had, such as ``sys`` and ``socket``.

import contextlib
import errno
import select
import socket
import ssl
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Self
from weakref import WeakSet

from Pyro4.configuration import config
from Pyro4.errors import ConnectionClosedError, TimeoutError
from Pyro4.facade.tls import context_for
from pyro_core.net.sockets import BACKLOG, interface_towards, set_keepalive

# Numbers of errors, by what they mean.
ERRNO_RETRIES: Final = [errno.EINTR, errno.EAGAIN, errno.EWOULDBLOCK, errno.EINPROGRESS]
ERRNO_BADF: Final = [errno.EBADF]
ERRNO_ENOTSOCK: Final = [errno.ENOTSOCK]
ERRNO_EADDRNOTAVAIL: Final = [errno.EADDRNOTAVAIL]
ERRNO_EADDRINUSE: Final = [errno.EADDRINUSE]

_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6, 0: socket.AF_UNSPEC}
_FAMILY_NAMES: Final = {"AF_INET": "IPv4", "AF_INET6": "IPv6", "AF_UNIX": "Unix"}
_DEFAULT: Final[Any] = object()
_KEEPALIVE_S: Final = 30.0
_OUTSIDE: Final = "192.0.2.1"
"""An address that nobody has. Source: RFC 5737."""


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


def family_str(sock: Any) -> str:
    """IPv4, IPv6 or Unix: what kind of socket it is."""
    return _FAMILY_NAMES.get(socket.AddressFamily(sock.family).name, "???")


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
    sslContext: ssl.SSLContext | None = None,
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


def _secured(sock: socket.socket, context: ssl.SSLContext, connected_to: Any) -> ssl.SSLSocket:
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
) -> ssl.SSLContext:
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


# ---- using them


def sendData(sock: Any, data: bytes) -> None:
    """Send all of it.

    Raises:
        ConnectionClosedError: If the other side is gone.
        TimeoutError: If it took too long.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[sock.send(rest) :]
        except OSError as problem:
            _bear(problem, sock, "sending", rest)


def receiveData(sock: Any, size: int) -> bytes:
    """So many bytes.

    Raises:
        ConnectionClosedError: If the other side is gone; its ``partialData`` is what arrived before.
        TimeoutError: If it took too long.
    """
    data = bytearray()
    while len(data) < size:
        try:
            piece = sock.recv(size - len(data))
        except OSError as problem:
            _bear(problem, sock, "receiving", data)
            continue
        if not piece:
            raise _lost("receiving: not enough data", data)
        data += piece
    return bytes(data)


def _bear(problem: OSError, sock: Any, doing: str, data: Any) -> None:
    """Wait if that helps; raise if it does not."""
    waits = getattr(sock, "gettimeout", lambda: None)() != 0.0
    if isinstance(problem, socket.timeout) or (isinstance(problem, BlockingIOError) and waits):
        raise TimeoutError(f"{doing}: timeout") from problem
    if problem.errno not in ERRNO_RETRIES and not isinstance(problem, _TLS_WAITS):
        raise _lost(f"{doing}: connection lost: {problem}", data) from problem
    select.select([sock], [sock] if doing == "sending" else [], [])


_TLS_WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _lost(text: str, data: Any) -> ConnectionClosedError:
    problem = ConnectionClosedError(text)
    problem.partialData = bytes(data)  # type: ignore[attr-defined]
    return problem


class SocketConnection:
    """A connected socket, and what belongs to the connection.

    Args:
        sock: The socket.
        objectId: Id of the object that it is for.
        keep_open: Closing the connection does not close the socket.

    Attributes:
        sock: As given, also when it is closed.
        pyroInstances: Class -> its instance that belongs to the connection.
        tracked_resources: What is closed with the connection.
    """

    def __init__(self, sock: Any, objectId: str | None = None, keep_open: bool = False) -> None:
        self.sock = sock
        self.objectId = objectId
        self.keep_open = keep_open
        self._instances: MutableMapping[type, Any] = {}
        self._tracked: Any = WeakSet()

    @staticmethod
    def view(connection: Any) -> "SocketConnection":
        """What programs see of a native connection, a client's or a server's."""
        from Pyro4.facade.views import ConnectionView

        return ConnectionView(connection)

    @property
    def pyroInstances(self) -> MutableMapping[type, Any]:
        return self._instances

    @property
    def tracked_resources(self) -> Any:
        return self._tracked

    def send(self, data: bytes) -> None:
        """Send all of it; raises as ``sendData`` does."""
        sendData(self.sock, data)

    def recv(self, size: int) -> bytes:
        """So many bytes; raises as ``receiveData`` does."""
        return receiveData(self.sock, size)

    def close(self) -> None:
        """Close it, and what belongs to it. May be called more than once."""
        if self.keep_open:
            return
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self._instances.clear()
        for resource in list(self._tracked):
            with contextlib.suppress(Exception):
                resource.close()
        self._tracked.clear()

    def fileno(self) -> int:
        """Number of the socket."""
        number: int = self.sock.fileno()
        return number

    def family(self) -> str:
        """IPv4, IPv6 or Unix."""
        return family_str(self.sock)

    @property
    def timeout(self) -> float | None:
        """Seconds that an operation may take."""
        return self.getTimeout()

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self.setTimeout(seconds)

    def getTimeout(self) -> float | None:
        """Seconds that an operation may take; None for any time."""
        seconds: float | None = self.sock.gettimeout()
        return seconds

    def setTimeout(self, timeout: float | None) -> None:
        """Let an operation take so many seconds; None for any time."""
        self.sock.settimeout(timeout)

    def getpeercert(self) -> Any:
        """The other side's certificate; None if there is none."""
        ask = getattr(self.sock, "getpeercert", None)
        return None if ask is None else ask()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
