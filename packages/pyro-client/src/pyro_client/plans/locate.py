"""From what is known about where name servers are, to a connection to one of them."""

from __future__ import annotations

from collections.abc import Sequence

from pyro_client.failures import SHARED as FAILURES
from pyro_client.plans.connect import Connection, connect
from pyro_client.profile import Profile
from pyro_client.retry import delays
from pyro_core.errors import (
    CommunicationError,
    ConnectionRejected,
    NameServerNotFound,
    ProtocolError,
    PyroError,
    TimeoutError,
)
from pyro_core.names import NAMESERVER_ID
from pyro_core.plans import Discover, Plan, Sleep
from pyro_core.uri import UNIX_PREFIX, URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_core.settings import ClientSettings

DIRECT_S: Final = 2.0
"""Patience with one address while there are others to try, in seconds."""
DISCOVERY_S: Final = 1.0
"""Patience with answers to the discovery question, in seconds. A name server answers at once."""
ROUNDS: Final = 3
"""How often to go through several addresses."""
_FIRST_WAIT_S: Final = 0.1
_SHARE: Final = 0.8
"""Of the time before the deadline; the rest is for the pauses."""
_MAX_FOUND: Final = 10
"""Answers to the discovery question that are tried."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_DEBIAN_HOST: Final = "127.0.1.1"


class Search:
    """One search for a name server.

    Args:
        profile: How to talk.
        places: Addresses that were given: they are told this client's token.
        patience_s: With one address; None for the runner's limit.

    Attributes:
        tried: Address -> why it did not serve, the last time.
        failure: The last error.
    """

    def __init__(self, profile: Profile, places: Sequence[str], patience_s: float | None) -> None:
        self.profile = profile
        self.places = places
        self.patience_s = patience_s
        self.tried: dict[str, str] = {}
        self.failure: PyroError | None = None

    def round(self, places: Sequence[str]) -> Plan[Connection | None]:
        """Connect to the first address that serves; those that failed a moment ago are tried last."""
        for place in FAILURES.last(places):
            uri = URI(place)
            where = str(uri.location)
            talk = self.profile.for_object(uri)
            settings = self.profile.settings
            if place in self.places or settings.tls is not None:
                talk.token = settings.ns_token
            try:
                connection = yield from connect(uri, talk, within_s=self.patience_s)
            except (CommunicationError, ProtocolError) as problem:
                FAILURES.note(place)
                refused = isinstance(problem.__cause__, ConnectionRefusedError)
                self.tried[where] = "connection refused" if refused else str(problem)
                self.failure = problem
            else:
                FAILURES.forget(place)
                connection.token = talk.token
                return connection
        return None

    def discover(self, places: Sequence[str]) -> Plan[Connection | None]:
        """Ask the local network, and try some addresses beside that."""
        settings = self.profile.settings
        known: list[str] = []
        while len(known) < _MAX_FOUND:
            found, reasons = yield Discover(
                settings.broadcast_addresses,
                settings.ns_broadcast_port,
                DISCOVERY_S,
                places=tuple(place for place in places if place not in known),
                mdns=settings.mdns,
                known=tuple(known),
            )
            self.tried.update(reasons)
            if found is None:
                return None
            known.append(found)
            connection = yield from self.round([found])
            if connection is not None:
                return connection
        return None


def locate(
    profile: Profile,
    host: str | None = None,
    port: int | None = None,
    *,
    broadcast: bool = True,
    at: URI | None = None,
) -> Plan[Connection]:
    """Find a name server and connect to it.

    Args:
        profile: How to talk.
        host: Where it is: host name, address or ``./u:path``, or several of them; see ``places_of``. None
            tries what is configured, and asks the local network beside that.
        port: TCP port where ``host`` tells none; None for the configured one.
        broadcast: Whether to ask the local network.
        at: Its address, instead of ``host`` and ``port``.

    Raises:
        NameServerNotFound: If there is none; tells what was tried and why it did not serve.
        PyroError: If ``host`` is none.
    """
    settings = profile.settings
    port = settings.ns_port if port is None else port
    places = [str(at)] if at is not None else places_of(host or settings.ns_host, port)
    asking = broadcast and at is None and not host and settings.prefer_ip_version != 6
    asking = asking and bool(settings.broadcast_addresses or settings.mdns)
    rounds = ROUNDS if len(places) > 1 else 1
    patience_s = None if len(places) == 1 and (host or at) else _patience_s(settings, len(places))
    search = Search(profile, tuple(places), patience_s)
    near, far = (places, []) if not asking else _by_distance(places)
    if not host and at is None and len(near) == 1 and URI(near[0]).host in _LOOPBACK:
        # Where Debian and its kin put the machine's own name; asking for it would be a DNS question, which
        # may take seconds.
        near = [*near, str(URI.for_location(NAMESERVER_ID, host=_DEBIAN_HOST, port=URI(near[0]).port))]
    waits = delays(_FIRST_WAIT_S)
    for number in range(rounds):
        connection = yield from search.round(near)
        if connection is None and asking:
            connection = yield from search.discover(far)
            near, asking = [*near, *far], False
        if connection is not None:
            return connection
        if number + 1 < rounds:
            try:
                yield Sleep(next(waits))
            except TimeoutError:
                break  # the error tells what was tried until then
    refused = isinstance(search.failure, ConnectionRejected)
    raise NameServerNotFound(list(search.tried.items()), refused=refused) from search.failure


def places_of(text: str, port: int) -> list[str]:
    """Addresses of name servers, as texts of URIs.

    Args:
        text: Host names, addresses and ``./u:path``, separated by commas. Each but the last kind may be
            followed by a colon and a port; IPv6 addresses are in brackets then.
        port: Port of those that tell none.

    Raises:
        PyroError: If one of them cannot be understood.
    """
    places = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        has_port = part.startswith(UNIX_PREFIX) or part.rpartition("]")[2].count(":") == 1
        host = part.strip("[]") if not has_port else part
        where = part if has_port else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        places.append(str(URI(f"PYRO:{NAMESERVER_ID}@{where}")))
    if not places:
        raise PyroError(f"{text!r} names no name server; expected host, host:port or ./u:path, or several")
    return list(dict.fromkeys(places))


def _patience_s(settings: ClientSettings, places: int) -> float:
    """With each of several addresses: all rounds end before the deadline, and the error lists them."""
    limits = (s for s in (settings.timeouts.call_s, settings.timeouts.connect_s) if s is not None)
    return min([DIRECT_S, *(_SHARE * limit_s / (places * ROUNDS) for limit_s in limits)])


def _by_distance(places: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those that answer or refuse at once, as they are on this machine; and those where nobody knows."""
    from pyro_core.net.sockets import is_loopback

    near = [place for place in places if (host := URI(place).host) is None or is_loopback(host)]
    return near, [place for place in places if place not in near]
