"""What can be wrong between a client and an object, told by what goes wrong when connecting.

The exit codes are those of ``pyro_cli.exit_codes``.
"""

from __future__ import annotations

import builtins
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pyro_cli import exit_codes
from pyro_client.commands.daemons import health_of
from pyro_core.errors import (
    CommunicationError,
    ConnectionRejected,
    NameNotFound,
    NameServerNotFound,
    NamingError,
    ProtocolError,
    PyroError,
    TimeoutError,
)
from pyro_core.net import sockets

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy
    from pyro_core.settings import ClientSettings
    from pyro_core.uri import URI

OK: Final = "ok"
WARNING: Final = "warning"
PROBLEM: Final = "problem"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", "[::]", ""})
_STOCK_PYRO4: Final = 48


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at.
        subject: Of what.
        state: ``ok``, ``warning`` or ``problem``.
        finding: What there is to say about it.
        next_step: What to do about it; empty if nothing.
        code: Exit code of a problem; 0 for all else.
    """

    check: str
    subject: str
    state: str
    finding: str
    next_step: str = ""
    code: int = 0


def problem(check: str, subject: str, finding: str, next_step: str, code: int) -> Finding:
    """A finding that makes the command fail."""
    return Finding(check, subject, PROBLEM, finding, next_step, code)


def patient(settings: ClientSettings, seconds: float) -> ClientSettings:
    """The same settings, with a deadline for everything that is tried."""
    return replace(settings, timeouts=replace(settings.timeouts, call_s=seconds, connect_s=seconds))


def examine(target: str, settings: ClientSettings) -> Iterator[Finding]:
    """Everything that can be said about one object.

    Args:
        target: Its URI.
        settings: How to talk; with deadlines.
    """
    from pyro_client.naming import resolve
    from pyro_client.proxy import Proxy

    try:
        address = resolve(target, settings=settings)
    except NamingError as error:
        yield _not_resolved(target, error)
        return
    except CommunicationError as error:
        yield problem("name", target, str(error), "see whether the name server hangs", exit_codes.UNREACHABLE)
        return
    if str(address) != target:
        yield Finding("name", target, OK, f"is {address}")
    wrong = unusable_host(target, address, looked_up=str(address) != target)
    if wrong is not None:
        yield wrong
        if wrong.state == PROBLEM:
            return
    with Proxy(address, settings=settings) as proxy:
        try:
            proxy._pyro.bind()
        except PyroError as error:
            yield not_connected(target, address, settings, error)
        else:
            yield Finding("connection", target, OK, f"{address.location} answers")
            yield version_of(target, proxy)
            yield from daemon_of(target, proxy)


def unusable_host(subject: str, address: URI, *, looked_up: bool) -> Finding | None:
    """What is wrong with the host in an address, if anything is."""
    host = address.host or ""
    if address.sockname:
        return None
    if host in _EVERYWHERE:
        return problem(
            "address",
            subject,
            f"{address} has the host {host!r}: to a server that means all its addresses, to a client nothing",
            "start the server with nathost (PYRO_NATHOST), or with the host name that clients use",
            exit_codes.USAGE,
        )
    if looked_up and sockets.is_loopback(host):
        return Finding(
            "address",
            subject,
            WARNING,
            f"{address} can be reached from the server's own machine only",
            "for clients elsewhere, start the server with a host that they can reach (PYRO_HOST)",
        )
    return None


def _not_resolved(target: str, error: NamingError) -> Finding:
    if isinstance(error, NameNotFound):
        step = f"did you mean {' or '.join(error.near)}?" if error.near else "see 'pyro-cli ns list'"
        return problem("name", target, f"no such name: {error.name}", step, exit_codes.NOT_FOUND)
    if isinstance(error, NameServerNotFound):
        tried = "; ".join(f"{address}: {reason}" for address, reason in error.tried)
        step = "start one with 'pyro-cli ns serve', or set PYRO_NS_HOST and PYRO_NS_PORT"
        return problem("name", target, f"no name server ({tried})", step, exit_codes.UNREACHABLE)
    return problem("name", target, str(error), "see 'pyro-cli ns list'", exit_codes.NOT_FOUND)


def not_connected(subject: str, address: URI, settings: ClientSettings, error: PyroError) -> Finding:
    """Why a connection could not be made."""
    if isinstance(error, ConnectionRejected):
        return _rejected(subject, error)
    cause = error.__cause__
    finding, step = str(error), "see the log of the server"
    if isinstance(cause, socket.gaierror):
        finding = f"the host name {address.host!r} is not known here ({cause.strerror})"
        step = "check the spelling and DNS or /etc/hosts, or have the server publish another name (nathost)"
    elif isinstance(cause, ConnectionRefusedError | FileNotFoundError):
        finding, step = _nothing_listens(address)
    elif isinstance(cause, builtins.TimeoutError) or (
        isinstance(error, TimeoutError) and not _opens(address, settings)
    ):
        finding = f"{address.location} does not answer at all, not even with a refusal"
        step = "a firewall may drop what is sent there, or the machine is down: try from that machine itself"
    elif isinstance(error, TimeoutError):
        finding = f"{address.location} accepts connections and then says nothing"
        step = "the server hangs, or it is another program: see what listens on that port, and its log"
    elif isinstance(error, ProtocolError):
        finding = f"what listens on {address.location} is no Pyro server ({error})"
        step = "check the port"
    elif "TLS" in str(error):
        step = "switch TLS on or off here as it is on the server (PYRO_SSL), and check PYRO_SSL_CACERTS"
    elif settings.tls is None:
        step = "the server closed the connection: see its log; it may expect TLS (PYRO_SSL)"
    return problem("connection", subject, finding, step, exit_codes.UNREACHABLE)


def _rejected(subject: str, error: ConnectionRejected) -> Finding:
    if "serializer" in error.reason:
        return problem(
            "serializer",
            subject,
            f"the server refuses the serializer: {error.reason}",
            "choose another one (PYRO_SERIALIZER), or allow it on the server (PYRO_SERIALIZERS_ACCEPTED)",
            exit_codes.REFUSED,
        )
    if "unknown object" in error.reason:
        return problem(
            "object",
            subject,
            "the server is there, and has no such object: the address is stale, or misspelt",
            "look the address up again, or take a stale name out with 'pyro-cli ns remove NAME'",
            exit_codes.NOT_FOUND,
        )
    return problem(
        "handshake",
        subject,
        f"the server refuses this client: {error.reason}",
        "ask whoever runs the server",
        exit_codes.REFUSED,
    )


def _nothing_listens(address: URI) -> tuple[str, str]:
    if address.sockname:
        return f"nothing listens on the Unix socket {address.sockname}", "start the server, or check the path"
    if not sockets.is_loopback(address.host or "") and _opens_here(address.port or 0):
        return (
            f"nothing listens on {address.location}, but localhost:{address.port} is open: a server bound to "
            "localhost cannot be reached from outside",
            "start the server with a host that clients can reach (PYRO_HOST, or host=)",
        )
    return f"nothing listens on {address.location}", "start the server, or check host and port"


def _opens_here(port: int) -> bool:
    try:
        with socket.create_connection(("localhost", port), 1.0):
            return True
    except OSError:
        return False


def _opens(address: URI, settings: ClientSettings) -> bool:
    """Whether a plain connection can be made, whatever is said on it afterwards."""
    if address.host is None:
        return True
    try:
        with socket.create_connection((address.host, address.port or 0), settings.timeouts.connect_s):
            return True
    except OSError:
        return False


def version_of(subject: str, proxy: Proxy) -> Finding:
    """Whether both sides are of the same generation."""
    if proxy._pyro.version == _STOCK_PYRO4:
        return Finding(
            "version",
            subject,
            WARNING,
            "the server speaks protocol 48 (Pyro4), this client prefers 502",
            "it works, without what only newer servers can do; upgrade the server when you can",
        )
    connection = proxy._pyro.connection
    if connection is not None and not connection.features:
        return Finding(
            "version",
            subject,
            WARNING,
            "the server speaks protocol 502 without extras, as Pyro5 does",
            "it works, without pushed streams, cancelling and several calls at once",
        )
    return Finding("version", subject, OK, f"protocol {proxy._pyro.version}, with extras")


def daemon_of(subject: str, proxy: Proxy) -> Iterator[Finding]:
    """How the daemon is doing, if it says so."""
    health = health_of(proxy)
    if not health:
        return
    state, limits = health.get("state"), ", ".join(map(str, health.get("limits_reached", ())))
    counts = ", ".join(f"{health.get(name)} {name}" for name in ("connections", "calls", "threads"))
    says = f"{state} for {health.get('uptime_s', 0):.0f} s, {counts}"
    if state == "draining":
        yield Finding("daemon", subject, WARNING, says, "find out who told it to stop, and start it again")
    elif limits:
        step = f"raise {limits} in its settings, or find out who uses so much"
        yield Finding("daemon", subject, WARNING, f"{says}; reached: {limits}", step)
    else:
        yield Finding("daemon", subject, OK, says)
