"""Sockets: connecting, listening, and the options that keep a peer's failures from going unnoticed."""

import builtins
import errno
import os
import socket
import struct
import time
from functools import cache, lru_cache
from typing import Any, Final

from pyro_core.errors import CommunicationError, SettingsError, TimeoutError
from pyro_core.net.unix_sockets import connect_unix, listen_unix
from pyro_core.uri import MAX_PORT, UNIX_PREFIX, URI

BACKLOG: Final = 512
_PROBES: Final = 3
_PROBE_INTERVAL_S: Final = 10
_MAX_IDLE_S: Final = 32767
"""The kernel takes no more. Source: MAX_TCP_KEEPIDLE of Linux."""
_MAX_TIMEOUT_S: Final = 1_000_000
_LOOPBACK_NET: Final = 127
_PORTS_TRIED: Final = 20
"""How often to look for a port that is free on several addresses."""
_NOT_HERE: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_MAPPED_PREFIX: Final = "::ffff:"
"""What an IPv4 peer's address begins with on a socket for both. Source: RFC 4291, 2.5.5.2."""
_ANY_HOSTS: Final = frozenset({"", "0.0.0.0", "::"})
_FAMILIES: Final = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


def connect(
    uri: URI,
    *,
    timeout_s: float | None = None,
    nodelay: bool = True,
    keepalive_s: float = 30.0,
    prefer_ip_version: int = 0,
) -> socket.socket:
    """A blocking socket, connected to where a PYRO address points.

    Args:
        uri: The address.
        timeout_s: Seconds that all attempts together may take; None leaves it to the operating system.
        nodelay: Whether to send small messages at once.
        keepalive_s: Seconds of silence after which the kernel probes the other side; 0 for no probes.
        prefer_ip_version: 4 or 6 to try only such addresses, 0 for any.

    Raises:
        TimeoutError: If nothing answered in time.
        CommunicationError: If the connection was refused or the host is unknown; ``retry_safe`` is set.
        SettingsError: If ``prefer_ip_version`` is another number.
    """
    peer = uri.location or str(uri)
    family = _family(prefer_ip_version)
    try:
        if uri.sockname is not None:
            sock = connect_unix(uri.sockname, timeout_s)
        else:
            sock = _connect_tcp(uri.host or "", uri.port or 0, timeout_s, family)
    except builtins.TimeoutError as problem:
        within = "" if timeout_s is None else f" within {timeout_s:g} seconds"
        raise TimeoutError(
            f"cannot connect to {peer}: no answer{within}", peer=peer, retry_safe=True
        ) from problem
    except (OSError, ValueError) as problem:  # ValueError: a host or a path that cannot even be asked for
        reason = getattr(problem, "strerror", None) or problem
        raise CommunicationError(
            f"cannot connect to {peer}: {reason}; is the server running, and the address right?",
            peer=peer,
            retry_safe=True,
        ) from problem
    try:
        sock.settimeout(None)
        if uri.sockname is None:
            if nodelay:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _set_tcp_keepalive(sock, keepalive_s)
    except BaseException:
        sock.close()
        raise
    return sock


def listen(
    host: str = "localhost",
    port: int = 0,
    *,
    unixsocket: str | None = None,
    reuse_address: bool = True,
    prefer_ip_version: int = 0,
) -> list[socket.socket]:
    """Listening sockets for one address.

    ``""`` and ``"::"`` mean all interfaces with IPv4 and IPv6, as far as this machine has them, ``"0.0.0.0"``
    those with IPv4. ``"localhost"`` means all addresses that name has here, because clients try them all, and
    nobody else should answer on one of them; of other names the first address, IPv4 before IPv6.

    Args:
        host: Host name or address; empty for all interfaces.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket instead of host and port; one that begins with ``@`` or NUL is an
            abstract one, which has no file. A file that a dead server left behind is replaced.
        reuse_address: Whether the port may be taken again at once after a restart.
        prefer_ip_version: 4 or 6 to insist on that kind of address, 0 for any.

    Raises:
        CommunicationError: If the address is in use, or cannot be listened on.
        SettingsError: If ``prefer_ip_version`` is another number.
    """
    family = _family(prefer_ip_version)
    try:
        if unixsocket is not None:
            return [listen_unix(unixsocket, BACKLOG)]
        return _listen_tcp(host, port, reuse_address, family)
    except (OSError, ValueError) as problem:  # ValueError: a host or a path that cannot even be asked for
        where = f"{UNIX_PREFIX}{unixsocket}" if unixsocket is not None else f"{host}:{port}"
        in_use = getattr(problem, "errno", None) == errno.EADDRINUSE
        reason = getattr(problem, "strerror", None) or problem
        advice = "another process listens there" if in_use else "choose another address"
        raise CommunicationError(f"cannot listen on {where}: {reason}; {advice}", peer=where) from problem


def set_keepalive(sock: socket.socket, idle_s: float) -> None:
    """Have the kernel notice a dead peer: after ``idle_s`` of silence, and about half a minute of probes.

    As long may bytes wait for a peer that does not take them, be it dead or just not reading. Does nothing
    for sockets without TCP, and sets what the platform has.

    Args:
        sock: A connected socket.
        idle_s: Seconds, counted as whole ones; 0 for no probes.
    """
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        _set_tcp_keepalive(sock, idle_s)


def _set_tcp_keepalive(sock: socket.socket, idle_s: float) -> None:
    for level, option, value in _keepalive_options(idle_s):
        sock.setsockopt(level, option, value)


@lru_cache(maxsize=64)
def _keepalive_options(idle_s: float) -> list[tuple[int, int, int]]:
    """Level, number and value of the options that this platform has."""
    found = [(int(socket.SOL_SOCKET), int(socket.SO_KEEPALIVE), int(idle_s > 0))]
    if idle_s <= 0:
        return found
    idle = min(max(1, round(idle_s)), _MAX_IDLE_S)
    options = {
        "TCP_KEEPIDLE": idle,
        "TCP_KEEPALIVE": idle,  # what macOS calls it
        "TCP_KEEPINTVL": _PROBE_INTERVAL_S,
        "TCP_KEEPCNT": _PROBES,
        "TCP_USER_TIMEOUT": (idle + _PROBES * _PROBE_INTERVAL_S) * 1000,
    }
    for name, value in options.items():
        option = getattr(socket, name, None)
        if option is not None:
            found.append((int(socket.IPPROTO_TCP), int(option), value))
    return found


def set_receive_timeout(sock: socket.socket, seconds: float | None) -> None:
    """Bound blocking receives in the kernel, at no cost per call; a late one raises ``BlockingIOError``.

    Args:
        sock: A socket without a Python timeout.
        seconds: The bound; None for none.
    """
    _set_kernel_timeout(sock, socket.SO_RCVTIMEO, seconds)


def set_send_timeout(sock: socket.socket, seconds: float | None) -> None:
    """Bound blocking sends in the kernel, like ``set_receive_timeout``."""
    _set_kernel_timeout(sock, socket.SO_SNDTIMEO, seconds)


def address_text(address: object) -> str:
    """A socket address as people write it."""
    if isinstance(address, tuple):
        host, port = address[:2]
        host = str(host)
        if host.startswith(_MAPPED_PREFIX) and "." in host:
            host = host[len(_MAPPED_PREFIX) :]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(address, bytes):
        address = address.decode("utf-8", "surrogateescape")
    address = str(address)
    if address.startswith("\0"):
        address = f"@{address[1:]}"
    return f"{UNIX_PREFIX}{address}" if address else "unix socket"


def is_loopback(host: str) -> bool:
    """Whether a host name or address, as it is written, means this machine only."""
    if host in ("localhost", "::1"):
        return True
    try:
        return socket.inet_pton(socket.AF_INET, host)[0] == _LOOPBACK_NET
    except OSError:  # a name, or IPv6
        return False


def published_host(bound_host: str, family: int = socket.AF_INET, *, dual_stack: bool = False) -> str:
    """The host to put into addresses that others are given.

    Args:
        bound_host: What the listening socket is bound to.
        family: Its address family.
        dual_stack: Whether it serves both families.

    Returns:
        The same, unless it means all interfaces: then the address of the one that leads out of this
        machine, or else the host's name. Where both families are served, IPv4 goes before IPv6 unless the
        host is ``"::"``.
    """
    if bound_host not in _ANY_HOSTS:
        return bound_host
    outside = ["2001:db8::1"] if family == socket.AF_INET6 else ["192.0.2.1"]
    if dual_stack:
        outside.insert(1 if bound_host == "::" else 0, "192.0.2.1")
    for address in outside:
        found = interface_towards(address)
        if found is not None:
            return found
    return socket.gethostname()


def is_dual_stack(sock: socket.socket) -> bool:
    """Whether a listening socket serves IPv4 and IPv6."""
    return sock.family == socket.AF_INET6 and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def interface_towards(address: str) -> str | None:
    """This machine's address as a peer sees it; None if there is no way there. Sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _family(prefer_ip_version: int) -> int:
    family = _FAMILIES.get(prefer_ip_version)
    if family is None:
        raise SettingsError(
            f"prefer_ip_version must be 4, 6 or 0, got {prefer_ip_version!r}", name="prefer_ip_version"
        )
    return family


def _connect_tcp(host: str, port: int, timeout_s: float | None, wanted_family: int) -> socket.socket:
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    problem: OSError | None = None
    for family, address in _addresses(host, port, wanted_family):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(None if deadline is None else max(0.001, deadline - time.monotonic()))
            sock.connect(address)
        except BaseException as failure:
            sock.close()
            if not isinstance(failure, OSError):
                raise
            problem = failure
        else:
            return sock
    raise problem or OSError(f"{host} has no address")


def _addresses(host: str, port: int, wanted_family: int) -> list[tuple[int, Any]]:
    """Family and address of each place that a host name and a port may mean."""
    if host == "localhost" and 0 <= port <= MAX_PORT:
        return [
            (family, (address, port, *rest)) for family, (address, _, *rest) in _of_localhost(wanted_family)
        ]
    if wanted_family != socket.AF_INET6 and 0 <= port <= MAX_PORT and _is_dotted(host):
        return [(socket.AF_INET, (host, port))]
    infos = socket.getaddrinfo(host, port, wanted_family, socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in infos]


def _is_dotted(host: str) -> bool:
    """Whether a host is a numeric IPv4 address, which need not be looked up."""
    try:
        socket.inet_pton(socket.AF_INET, host)
    except (OSError, ValueError):  # ValueError: characters that no host has
        return False
    return True


@cache
def _of_localhost(wanted_family: int) -> list[tuple[int, Any]]:
    """What this name means stays the same, and need not be looked up in files for each connection."""
    infos = socket.getaddrinfo("localhost", 0, wanted_family, socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in infos]


def _listen_tcp(host: str, port: int, reuse_address: bool, wanted_family: int) -> list[socket.socket]:
    if not 0 <= port <= MAX_PORT:  # the resolver would take what is left of it in 16 bits
        raise ValueError(f"ports are numbers from 0 to {MAX_PORT}")
    if host in ("", "::") and wanted_family == socket.AF_UNSPEC and socket.has_dualstack_ipv6():
        try:
            return [_bound(socket.AF_INET6, ("::", port), reuse_address, dual_stack=True)]
        except OSError as problem:
            if problem.errno not in _NOT_HERE or host:
                raise
    infos = socket.getaddrinfo(host or None, port, wanted_family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    # IPv4 first where both are there: stock clients and most written-down addresses expect it.
    infos.sort(key=lambda info: info[0] != socket.AF_INET)
    places: list[tuple[int, Any]] = [(family, address) for family, _, _, _, address in infos]
    if host != "localhost":
        places = places[:1]
    for attempt in range(1, _PORTS_TRIED + 1):
        try:
            return _bound_to_all(places, reuse_address)
        except OSError as problem:
            # Found on the first address, taken on the second: another one will be free on all of them.
            if port or problem.errno != errno.EADDRINUSE or attempt == _PORTS_TRIED:
                raise
    raise AssertionError("unreachable")


def _bound_to_all(places: list[tuple[int, Any]], reuse_address: bool) -> list[socket.socket]:
    """One socket for each address that this machine has, all with the port of the first."""
    bound: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys(places):
            if bound:
                address = (address[0], bound[0].getsockname()[1], *address[2:])
            try:
                bound.append(_bound(family, address, reuse_address))
            except OSError as problem:
                if not bound or problem.errno not in _NOT_HERE:
                    raise
    except BaseException:
        for sock in bound:
            sock.close()
        raise
    return bound


def _bound(family: int, address: Any, reuse_address: bool, *, dual_stack: bool = False) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if reuse_address and os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not dual_stack))
        sock.bind(address)
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _set_kernel_timeout(sock: socket.socket, option: int, seconds: float | None) -> None:
    # Zero would mean no bound at all.
    microseconds = 0 if seconds is None else max(1, round(min(seconds, _MAX_TIMEOUT_S) * 1_000_000))
    if os.name == "nt":
        sock.setsockopt(socket.SOL_SOCKET, option, -(-microseconds // 1000))
    else:
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", *divmod(microseconds, 1_000_000)))
