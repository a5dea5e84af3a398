"""From a name, or tags, to an address; and before that, to a name server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pyro_client.plans.connect import Connection, connect
from pyro_client.plans.invoke import ask
from pyro_client.profile import Profile
from pyro_core.errors import CommunicationError, NameServerNotFound, NamingError, ProtocolError, PyroError
from pyro_core.names import NAMESERVER_ID
from pyro_core.plans import Close, Discover, Plan
from pyro_core.uri import UNIX_PREFIX, URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

DIRECT_S: Final = 2.0
"""Patience with one address while there are others to try, in seconds."""
BROADCAST_S: Final = 1.0
"""Patience with answers to the discovery question, in seconds. A name server answers at once."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_DEBIAN_HOST: Final = "127.0.1.1"

Choose = Callable[[Sequence[str]], str]


def locate(
    profile: Profile, host: str | None = None, port: int | None = None, *, broadcast: bool = True
) -> Plan[Connection]:
    """Find a name server and connect to it.

    Args:
        profile: How to talk.
        host: Where it is: host name, address or ``./u:path``. None tries the configured address, then asks
            the local network.
        port: TCP port; None for the configured one.
        broadcast: Whether to ask the local network.

    Raises:
        NameServerNotFound: If there is none; tells what was tried and why it did not serve.
    """
    tried: list[tuple[str, str]] = []
    failure: PyroError | None = None
    settings = profile.settings
    port = settings.ns_port if port is None else port
    for address in _addresses(host or settings.ns_host, port, given=bool(host)):
        connection, failure = yield from _try(address, profile, tried, None if host else DIRECT_S)
        if connection is not None:
            return connection
    if broadcast and not host and settings.broadcast_addresses and settings.prefer_ip_version != 6:
        where = f"broadcast to {', '.join(settings.broadcast_addresses)} port {settings.ns_broadcast_port}"
        try:
            found = yield Discover(settings.broadcast_addresses, settings.ns_broadcast_port, BROADCAST_S)
        except CommunicationError as problem:
            tried.append((where, str(problem)))
            found = ()
        else:
            if not found:
                tried.append((where, f"no answer within {BROADCAST_S:g} s"))
        for text in found:
            connection, failure = yield from _try(URI(text), profile, tried, DIRECT_S)
            if connection is not None:
                return connection
    raise NameServerNotFound(tried) from failure


def resolve(uri: URI, profile: Profile, choose: Choose) -> Plan[URI]:
    """The address of an object.

    Args:
        uri: An address, which is given back; a name; or tags.
        profile: How to talk to the name server.
        choose: Picks one of several addresses.

    Raises:
        NameServerNotFound: If there is no name server.
        NameNotFound: If it does not know the name.
        NamingError: If no object has all the tags.
    """
    if uri.protocol == "PYRO":
        return uri
    host = f"{UNIX_PREFIX}{uri.sockname}" if uri.sockname else uri.host
    connection = yield from locate(profile.for_object(uri), host, uri.port)
    try:
        if isinstance(uri.object, str):
            found = yield from ask(connection, NAMESERVER_ID, "lookup", (uri.object,), {})
        else:
            found = choose((yield from _matches(connection, sorted(uri.object))))
    except GeneratorExit:  # the runner threw the plan away: it cannot carry out steps any more
        raise
    except BaseException:
        yield Close(connection.link)
        raise
    yield Close(connection.link)
    return _address(found, uri)


def any_of(addresses: Sequence[str]) -> str:
    """One of several addresses, at random."""
    import random

    return random.choice(addresses)


def _addresses(host: str, port: int, *, given: bool) -> Iterator[URI]:
    if host.startswith(UNIX_PREFIX):
        yield URI.for_location(NAMESERVER_ID, sockname=host[len(UNIX_PREFIX) :])
        return
    yield URI.for_location(NAMESERVER_ID, host=host, port=port)
    if not given and host in _LOOPBACK:
        # Where Debian and its kin put the machine's own name; asking for it would be a DNS question, which
        # may take seconds.
        yield URI.for_location(NAMESERVER_ID, host=_DEBIAN_HOST, port=port)


def _try(
    uri: URI, profile: Profile, tried: list[tuple[str, str]], within_s: float | None
) -> Plan[tuple[Connection | None, PyroError | None]]:
    try:
        return (yield from connect(uri, profile.for_object(uri), within_s=within_s)), None
    except (CommunicationError, ProtocolError) as problem:
        tried.append((str(uri.location), str(problem)))
        return None, problem


def _matches(connection: Connection, tags: list[str]) -> Plan[list[str]]:
    """Addresses of the objects that have all the tags, from a name server of any generation."""
    if "yplookup" in connection.metadata.methods:
        wanted = {"meta_all": tags, "return_metadata": False}
        found = yield from ask(connection, NAMESERVER_ID, "yplookup", (), wanted)
    else:
        found = yield from ask(connection, NAMESERVER_ID, "list", (), {"metadata_all": tags})
    if not isinstance(found, Mapping):
        raise NamingError(f"the name server at {connection.peer} answered a query with {found!r:.80}")
    if not found:
        raise NamingError(f"no registered object has all of these metadata tags: {', '.join(tags)}")
    return [str(entry[0] if isinstance(entry, list | tuple) else entry) for entry in found.values()]


def _address(found: object, asked: URI) -> URI:
    if isinstance(found, str | URI):
        address = URI(found)
        if address.protocol == "PYRO":
            return address
    raise NamingError(f"the name server has {found!r:.200} registered for {asked}; expected a PYRO address")
