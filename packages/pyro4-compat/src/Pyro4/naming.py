"""The name server of Pyro4, for programs and as a command."""

import socket
import sys
import warnings
from collections.abc import Sequence
from optparse import OptionParser
from typing import Any

from Pyro4.configuration import config
from Pyro4.constants import NAMESERVER_NAME
from Pyro4.errors import PyroError
from Pyro4.facade.daemon import Daemon
from Pyro4.facade.locating import locateNS, resolve
from Pyro4.facade.name_server import AutoCleaner, BroadcastServer, NameServer
from Pyro4.facade.uri import URI
from Pyro4.naming_storage import MemoryStorage, open_names
from pyro_client.naming import type_meta
from pyro_nameserver.broadcast import reaches_others

__all__ = [
    "AutoCleaner",
    "BroadcastServer",
    "MemoryStorage",
    "NameServer",
    "NameServerDaemon",
    "locateNS",
    "main",
    "resolve",
    "startNS",
    "startNSloop",
    "type_meta",
]


class NameServerDaemon(Daemon):
    """A daemon with a name server in it.

    Args:
        host: Host name or address to listen on; None for ``config.HOST``.
        port: TCP port; None for ``config.NS_PORT``, 0 for any free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name to publish.
        natport: Port to publish.
        storage: ``memory``, ``dbm:FILE``, ``sql:FILE``, or a storage.

    Attributes:
        nameserver: The name server; None once it is closed.
        cleaner_thread: Forgets names whose servers are gone, if ``config.NS_AUTOCLEAN`` is set.

    Raises:
        ValueError: If there is no such storage, or a setting makes no sense.
        NamingError: If the storage cannot be used.
    """

    __module__ = "Pyro4.naming"
    nameserver: NameServer | None = None
    cleaner_thread: AutoCleaner | None = None

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        storage: Any = None,
    ) -> None:
        port = config.NS_PORT if port is None else port
        super().__init__(host, port, unixsocket, nathost=nathost, natport=natport)
        try:
            self.nameserver = NameServer(open_names(storage))
            uri = self.register(self.nameserver, NAMESERVER_NAME)
            self.nameserver.register(NAMESERVER_NAME, uri, metadata=type_meta(self.nameserver))
            if config.NS_AUTOCLEAN > 0:
                self.cleaner_thread = AutoCleaner(self.nameserver)
                self.cleaner_thread.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop serving and let go of everything, the storage included."""
        super().close()
        cleaner, self.cleaner_thread = self.cleaner_thread, None
        if cleaner is not None:
            cleaner.close()
        nameserver, self.nameserver = self.nameserver, None
        if nameserver is not None:
            nameserver.storage.close()


def startNS(
    host: str | None = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: Any = None,
    hmac: bytes | str | None = None,
) -> tuple[URI, NameServerDaemon, BroadcastServer | None]:
    """Make a name server, whose loop you then run.

    The arguments are those of ``NameServerDaemon``, and:

    Args:
        enableBroadcast: Answer broadcasts, if it listens where that is of use.
        bchost: Where to listen for them; None for ``config.NS_BCHOST``.
        bcport: UDP port for them; None for ``config.NS_BCPORT``, 0 for any free one.
        hmac: A key that clients must share.

    Returns:
        Its address, the daemon, and what answers broadcasts, or None.
    """
    daemon = NameServerDaemon(host, port, unixsocket, nathost=nathost, natport=natport, storage=storage)
    try:
        daemon._pyroHmacKey = hmac  # text is taken as well
        internal = daemon.uriFor(NAMESERVER_NAME, nat=False)
        answering = enableBroadcast and reaches_others(internal)
        responder = BroadcastServer(internal, bchost, bcport) if answering else None
    except BaseException:
        daemon.close()
        raise
    return _announced(daemon), daemon, responder


def _announced(daemon: NameServerDaemon) -> URI:
    """The address of a name server; on all interfaces without any of their addresses, as it ever was."""
    uri = daemon.uriFor(NAMESERVER_NAME)
    if daemon.natLocationStr is None and uri.host and daemon.sock.getsockname()[0] in ("0.0.0.0", "::"):
        uri.host = "0.0.0.0"
    return uri


def startNSloop(
    host: str | None = None,
    port: int | None = None,
    enableBroadcast: bool = True,
    bchost: str | None = None,
    bcport: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: Any = None,
    hmac: bytes | str | None = None,
) -> None:
    """Run a name server until Ctrl-C, and print where it is; for the arguments see ``startNS``."""
    uri, daemon, responder = startNS(
        host, port, enableBroadcast, bchost, bcport, unixsocket, nathost, natport, storage, hmac
    )
    try:
        for line in _banner(uri, daemon, responder, enableBroadcast):
            print(line, flush=True)
        if responder is not None:
            responder.runInThread()
        daemon.requestLoop()
    except KeyboardInterrupt:  # before the loop began, which handles it itself
        pass
    finally:
        daemon.close()
        if responder is not None:
            responder.close()
    print("NS shut down.")


def _banner(
    uri: URI, daemon: NameServerDaemon, responder: BroadcastServer | None, broadcasts: bool
) -> list[str]:
    """What is printed about a name server that has been made."""
    family = daemon.sock.family
    lines = []
    if responder is not None:
        lines.append(f"Broadcast server running on {responder.locationStr}")
    elif family == socket.AF_INET6:
        lines.append("Not starting broadcast server for IPv6.")
    elif family == socket.AF_INET and (broadcasts or daemon.sock.getsockname()[0].startswith("127.")):
        lines.append("Not starting broadcast server for localhost.")
    existing = daemon.nameserver.count() if daemon.nameserver is not None else 0
    if existing > 1:
        lines.append(f"Persistent store contains {existing} existing registrations.")
    on_ip = family in (socket.AF_INET, socket.AF_INET6)
    where = daemon.sock.getsockname()[0] if on_ip else "Unix domain socket"
    lines.append(f"NS running on {daemon.locationStr if daemon.natLocationStr else uri.location} ({where})")
    if not daemon._pyroHmacKey:
        lines.append("Warning: HMAC key not set. Anyone can connect to this server!")
    if daemon.natLocationStr:
        return [
            *lines,
            f"internal URI = {daemon.uriFor(NAMESERVER_NAME, nat=False)}",
            f"external URI = {uri}",
        ]
    return [*lines, f"URI = {uri}"]


def main(args: Sequence[str] | None = None) -> None:
    """Run a name server, as the command line says.

    Args:
        args: Options; None takes those of the command line.
    """
    parser = OptionParser()
    parser.add_option("-n", "--host", help="hostname to bind server on")
    parser.add_option("-p", "--port", type="int", help="port to bind server on (0=random)")
    parser.add_option("-u", "--unixsocket", help="Unix domain socket name to bind server on")
    parser.add_option(
        "-s", "--storage", default="memory", help="where names are kept: memory, dbm:FILE, sql:FILE"
    )
    parser.add_option("--bchost", help="hostname to bind broadcast server on (default: all interfaces)")
    parser.add_option("--bcport", type="int", help="port to bind broadcast server on (0=random)")
    parser.add_option("--nathost", help="external hostname in case of NAT")
    parser.add_option("--natport", type="int", help="external port in case of NAT")
    parser.add_option(
        "-x", "--nobc", action="store_true", default=False, help="don't start a broadcast server"
    )
    parser.add_option("-k", "--key", help="the HMAC key to use (deprecated)")
    options, _ = parser.parse_args(None if args is None else list(args))
    if options.key:
        warnings.warn("using -k to supply HMAC keys is a security problem", DeprecationWarning, stacklevel=2)
    try:
        startNSloop(
            options.host,
            options.port,
            not options.nobc,
            options.bchost,
            options.bcport,
            options.unixsocket,
            options.nathost,
            options.natport,
            options.storage,
            options.key,
        )
    except (PyroError, ValueError) as problem:
        sys.exit(f"Error: {problem}")


if __name__ == "__main__":
    main()
