"""Finding a name server in the order in which Pyro4 looks for it, and asking it for addresses."""

from typing import Any, Final

from Pyro4.configuration import config
from Pyro4.constants import NAMESERVER_NAME
from Pyro4.errors import NamingError, PyroError
from Pyro4.facade.proxy import Proxy
from Pyro4.facade.uri import URI
from pyro_client import broadcast as native
from pyro_client.plans.resolve import any_of
from pyro_core.errors import CommunicationError as NativeCommunicationError
from pyro_core.uri import UNIX_PREFIX
from pyro_core.uri import URI as NativeURI

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_DEBIAN_HOST: Final = "127.0.1.1"
"""Where Debian and its kin put the machine's own name."""
_BROADCAST_S: Final = 2.1
_NOT_FOUND: Final = "Failed to locate the nameserver"


def locateNS(
    host: str | None = None,
    port: int | None = None,
    broadcast: bool = True,
    hmac_key: bytes | str | None = None,
) -> Proxy:
    """Find a name server.

    Without a host: the configured one if that is this machine, then whoever answers a broadcast, then the
    configured one wherever it is.

    Args:
        host: Where it is, or ``./u:PATH`` for a Unix socket.
        port: Its port; without a host the broadcast port, too.
        broadcast: Whether to ask the local network.
        hmac_key: The key that it shares with its clients.

    Returns:
        A proxy of it; not connected yet if the name server was found by broadcast.

    Raises:
        NamingError: If there is none.
    """
    if host is not None:
        return _connected(host or _LOCAL[0], port or config.NS_PORT, hmac_key)
    if config.NS_HOST in _LOCAL:
        for address in (config.NS_HOST, _DEBIAN_HOST):
            try:
                return _connected(address, port or config.NS_PORT, hmac_key)
            except NamingError:
                continue
    if broadcast and config.PREFER_IP_VERSION != 6:
        found = _answer(port or config.NS_BCPORT)
        if found is not None:
            return _proxy(found, hmac_key)
    return _connected(config.NS_HOST, config.NS_PORT, hmac_key)


def resolve(uri: "str | URI", hmac_key: bytes | str | None = None) -> URI:
    """The address of an object.

    Args:
        uri: An address, which is given back; a name; or tags, of whose owners one is chosen at random.
        hmac_key: The key that the name server shares with its clients.

    Raises:
        TypeError: If it is neither text nor a URI.
        NamingError: If there is no name server, or it knows of no such object.
    """
    if not isinstance(uri, str | NativeURI):
        raise TypeError("can only resolve Pyro URIs")
    asked = URI(uri)
    if asked.protocol == "PYRO":
        return asked
    host = f"{UNIX_PREFIX}{asked.sockname}" if asked.sockname else asked.host
    with locateNS(host, asked.port, hmac_key=hmac_key) as name_server:
        if isinstance(asked.object, str):
            return URI(name_server.lookup(asked.object))
        found: dict[str, Any] = name_server.list(metadata_all=sorted(asked.object))
    if not found:
        tags = ", ".join(map(repr, sorted(asked.object)))
        raise NamingError(f"no registrations available with desired metadata properties {{{tags}}}")
    return URI(any_of(list(found.values())))


def _proxy(uri: str, hmac_key: bytes | str | None) -> Proxy:
    proxy = Proxy(uri)
    proxy._pyroHmacKey = hmac_key  # text is taken as well
    return proxy


def _connected(host: str, port: int, hmac_key: bytes | str | None) -> Proxy:
    if not host.startswith(UNIX_PREFIX):
        host = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        proxy = _proxy(f"PYRO:{NAMESERVER_NAME}@{host}", hmac_key)
        proxy.ping()
    except PyroError as problem:
        raise NamingError(_NOT_FOUND) from problem
    return proxy


def _answer(port: int) -> str | None:
    """The address that somebody answers to a broadcast."""
    addresses = config.parseAddressesString(config.BROADCAST_ADDRS)
    try:
        return next(iter(native.ask(addresses, port, _BROADCAST_S)), None)
    except NativeCommunicationError:
        return None
