"""From a name, or tags, to an address; and before that, to a name server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_client.failures import SHARED as FAILURES
from pyro_client.plans.connect import Connection, connect
from pyro_client.plans.invoke import ask
from pyro_client.plans.locate import DIRECT_S, locate
from pyro_client.profile import Profile
from pyro_core.errors import CommunicationError, NamingError, ProtocolError
from pyro_core.names import NAMESERVER_ID
from pyro_core.plans import Close, Plan
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_client.lookups import FollowedNames

MOST_TARGETS: Final = 10
"""Objects with the wanted tags that are tried for one connection."""

Choose = Callable[[Sequence[str]], str]


def resolve(uri: URI, profile: Profile, choose: Choose) -> Plan[URI]:
    """The address of an object.

    Args:
        uri: An address, which is given back; a name; or tags.
        profile: How to talk to the name server.
        choose: Picks one of several addresses. Those that failed a moment ago are left out if others remain.

    Raises:
        NameServerNotFound: If there is no name server.
        NameNotFound: If it does not know the name.
        NamingError: If no object has all the tags.
    """
    if uri.protocol == "PYRO":
        return uri
    found, _ = yield from _look_up(uri, profile)
    return _address(choose(_working(found)), uri)


def reach(uri: URI, profile: Profile, choose: Choose) -> Plan[Connection]:
    """A connection to an object.

    An address that was remembered and does not serve is looked up once more. Of the objects that have the
    wanted tags, another one is tried if one cannot be reached.

    Args:
        uri: An address, a name, or tags.
        profile: How to talk to the object, and to the name server.
        choose: As for ``resolve``.

    Raises:
        CommunicationError: If the object cannot be reached.
        NamingError: As ``resolve`` does.
    """
    if uri.protocol == "PYRO":
        return (yield from connect(uri, profile))
    found, remembered = yield from _look_up(uri, profile)
    try:
        return (yield from _one_of(found, uri, profile, choose))
    except (CommunicationError, ProtocolError):
        if not remembered:
            raise
        again, _ = yield from _look_up(uri, profile, anew=True)
        if set(again) == set(found):
            raise
    return (yield from _one_of(again, uri, profile, choose))


def _one_of(found: Sequence[str], uri: URI, profile: Profile, choose: Choose) -> Plan[Connection]:
    left = list(found)
    for _ in range(MOST_TARGETS):
        picked = choose(_working(left))
        left.remove(picked)
        target = _address(picked, uri)
        try:
            connection = yield from connect(target, profile, within_s=DIRECT_S if left else None)
        except (CommunicationError, ProtocolError):
            FAILURES.note(str(target.location))
            if not left:
                raise
        else:
            FAILURES.forget(str(target.location))
            return connection
    raise NamingError(f"{MOST_TARGETS} of {len(found)} objects found for {uri} cannot be reached")


def _working(found: Sequence[str]) -> Sequence[str]:
    """Those of some addresses that did not fail a moment ago; all if none is left."""
    if len(found) == 1:
        return found
    return [text for text in found if not FAILURES.is_recent(text.rpartition("@")[2])] or found


def _look_up(uri: URI, profile: Profile, *, anew: bool = False) -> Plan[tuple[list[str], bool]]:
    """What the name server says, and whether it said that earlier."""
    names = _names(uri, profile)
    if names is not None:
        known = names.get(uri.object)
        if known is not None and not anew:
            return known, True
        moment = names.moment
    connection = yield from locate(profile.for_object(uri), at=_name_server_of(uri))
    try:
        if isinstance(uri.object, str):
            answer = yield from ask(connection, NAMESERVER_ID, "lookup", (uri.object,), {})
            found = [str(_address(answer, uri))]
        else:
            found = yield from _matches(connection, sorted(uri.object))
    except GeneratorExit:  # the runner threw the plan away: it cannot carry out steps any more
        raise
    except BaseException:
        yield Close(connection.link)
        raise
    yield Close(connection.link)
    if names is not None:
        names.learn(uri.object, found, connection, moment)
    return found, False


def _names(uri: URI, profile: Profile) -> FollowedNames | None:
    """What is remembered from the name server that is to be asked."""
    if not profile.settings.ns_cache:
        return None
    from pyro_client.lookups import SHARED

    return SHARED.of(profile.settings, uri.location)


def _name_server_of(uri: URI) -> URI | None:
    """The name server that a name or tags are to be looked up in; None if it is not told."""
    if uri.location is None:
        return None
    return URI.for_location(NAMESERVER_ID, host=uri.host, port=uri.port, sockname=uri.sockname)


def any_of(addresses: Sequence[str]) -> str:
    """One of several addresses, at random."""
    import random

    return random.choice(addresses)


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
