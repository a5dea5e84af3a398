"""Connections to daemons, which all HTTP clients share, and what is known about the objects there."""

import difflib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pyro_client import AsyncProxy
from pyro_client.plans.connect import Connection
from pyro_core.descriptions import ONEWAY as ONEWAY_METHOD
from pyro_core.descriptions import AttributeDescription, ClassDescription, MethodDescription
from pyro_core.errors import DaemonError, SecurityError
from pyro_core.features import CALLS
from pyro_core.metadata import Metadata
from pyro_core.names import DAEMON_ID, GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_core.wire.message import ONEWAY
from pyro_http.problems import Problem

MAX_OBJECTS: Final = 10_000
"""Objects of one daemon of which the members are remembered."""
MAX_AGE_S: Final = 30.0
"""How long that holds at most: another object may be registered under the same id."""
_DESCRIBE: Final = "describe_members"


class Members:
    """What an object offers.

    Args:
        metadata: Names of its members.
        description: Signatures and docs, as far as its daemon tells.
        connection: Over which that was asked.
    """

    def __init__(self, metadata: Metadata, description: ClassDescription, connection: Connection) -> None:
        self.metadata = metadata
        self.description = description
        self.connection = connection
        self.asked_at = time.monotonic()

    def method(self, name: str) -> MethodDescription:
        """A method that may be called.

        Raises:
            Problem: If there is none of that name.
        """
        if name not in self.metadata.methods:
            raise self._missing(name, "method", self.metadata.methods)
        known = self.description.methods.get(name)
        if known is not None:
            return known
        return MethodDescription(name, ONEWAY_METHOD if name in self.metadata.oneway else "method")

    def attribute(self, name: str) -> AttributeDescription:
        """An attribute that may be read.

        Raises:
            Problem: If there is none of that name.
        """
        if name not in self.metadata.attrs:
            raise self._missing(name, "attribute", self.metadata.attrs)
        return self.description.attributes.get(name) or AttributeDescription(name)

    def has(self, name: str) -> bool:
        """Whether there is such a method or attribute."""
        return name in self.metadata.methods or name in self.metadata.attrs

    @staticmethod
    def _missing(name: str, what: str, names: frozenset[str]) -> Problem:
        near = difflib.get_close_matches(name[:200], names)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        return Problem("unknown-member", f"the object has no exposed {what} {name!r:.200}{hint}")


class Daemon:
    """One daemon.

    Args:
        location: Where it is.
        settings: How to talk to it.
        most: Connections, if it does one call at a time on each.
    """

    def __init__(self, location: str, settings: ClientSettings, most: int) -> None:
        self._uri = URI(f"PYRO:{DAEMON_ID}@{location}")
        self._settings = settings
        self._most = most
        self._lanes = [_Lane(self._uri, settings)]
        self._members: dict[str, Members] = {}

    @property
    def busy(self) -> int:
        """Calls that are under way."""
        return sum(lane.busy for lane in self._lanes)

    @property
    def connections(self) -> int:
        """Open connections."""
        return sum(lane.proxy._pyro.connected for lane in self._lanes)

    @property
    def version(self) -> int | None:
        """Protocol version; None while there is no connection."""
        return self._lanes[0].proxy._pyro.version

    async def invoke(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any], flags: int = 0
    ) -> Any:
        """Call a method of an object."""
        lane = self._free_lane()
        lane.busy += 1
        try:
            return await lane.proxy._pyro.invoke(method, args, kwargs, flags=flags, object_id=object_id)
        finally:
            lane.busy -= 1

    async def ping(self, object_id: str) -> None:
        """Ask for a sign of life of an object, without calling any of its own methods.

        Raises:
            Problem: If the daemon has no such object.
        """
        await self._about("get_metadata", object_id)

    async def members(self, object_id: str, *, having: str = "") -> Members:
        """What an object offers; asked anew after a reconnection, and when ``having`` is not among it.

        Raises:
            Problem: If there is no such object any more.
        """
        known = self._members.get(object_id)
        current = self._lanes[0].proxy._pyro.connection
        if known is not None and known.connection is current and (not having or known.has(having)):
            age_s = time.monotonic() - known.asked_at
            if age_s < MAX_AGE_S:
                return known
        description = ClassDescription()
        proxy = self._lanes[0].proxy
        wire = await self._about("get_metadata", object_id)
        if _DESCRIBE in proxy._pyro.metadata.methods:
            description = ClassDescription.from_wire(await self._about(_DESCRIBE, object_id))
        found = Members(Metadata.from_wire(wire), description, proxy._pyro.connection)  # type: ignore[arg-type]
        while len(self._members) >= MAX_OBJECTS:
            del self._members[next(iter(self._members))]
        self._members[object_id] = found
        return found

    async def _about(self, question: str, object_id: str) -> Any:
        try:
            return await self.invoke(DAEMON_ID, question, (object_id,), {})
        except DaemonError as problem:
            raise Problem("unreachable", "the daemon does not have the object (any more)") from problem

    async def close(self) -> None:
        """Close all connections."""
        for lane in self._lanes:
            await lane.proxy._pyro.release()

    def _free_lane(self) -> "_Lane":
        lane = self._lanes[0]
        if not lane.busy:
            return lane
        connection = lane.proxy._pyro.connection
        if connection is None or CALLS in connection.features:
            return lane  # takes any number of calls at a time, or is about to find out
        lane = min(self._lanes, key=lambda one: one.busy)
        if lane.busy and len(self._lanes) < self._most:
            lane = _Lane(self._uri, self._settings)
            self._lanes.append(lane)
        return lane


class _Lane:
    """A connection, and how many calls are under way on it."""

    def __init__(self, uri: URI, settings: ClientSettings) -> None:
        self.proxy = AsyncProxy(uri, settings=settings)
        self.busy = 0


class Target:
    """An object, and the way to it.

    Args:
        daemon: Its daemon.
        object_id: Its id there.
        name: Its name.
    """

    def __init__(self, daemon: Daemon, object_id: str, name: str) -> None:
        self.daemon = daemon
        self.name = name
        self._id = object_id

    async def ping(self) -> None:
        """As ``Daemon.ping``."""
        await self.daemon.ping(self._id)

    async def members(self, having: str = "") -> Members:
        """As ``Daemon.members``."""
        return await self.daemon.members(self._id, having=having)

    async def call(
        self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, oneway: bool = False
    ) -> Any:
        """Call a method that is known to be exposed."""
        return await self.daemon.invoke(self._id, method, args, kwargs, ONEWAY if oneway else 0)

    async def get(self, name: str) -> Any:
        """Read an attribute."""
        return await self.daemon.invoke(self._id, GET_ATTRIBUTE, (name,), {})

    async def set(self, name: str, value: Any) -> None:
        """Write an attribute."""
        await self.daemon.invoke(self._id, SET_ATTRIBUTE, (name, value), {})


class Daemons:
    """All daemons that were talked to lately.

    Args:
        settings: How to talk to them.
        most: Daemons with open connections.
        connections_per_daemon: As in ``GatewaySettings``.
    """

    def __init__(self, settings: ClientSettings, most: int, connections_per_daemon: int) -> None:
        # Deadlines are those of the requests.
        self._settings = replace(settings, timeouts=replace(settings.timeouts, call_s=None), max_retries=0)
        self._most = most
        self._per_daemon = connections_per_daemon
        self._daemons: dict[str, Daemon] = {}

    def __len__(self) -> int:
        """Daemons that are remembered."""
        return len(self._daemons)

    @property
    def connections(self) -> int:
        """Open connections to all of them."""
        return sum(daemon.connections for daemon in self._daemons.values())

    async def target(self, name: str, uri: URI) -> Target:
        """The object at an address that a name server gave.

        Raises:
            SecurityError: If the address is none of a daemon.
        """
        location, object_id = uri.location, uri.object
        if uri.protocol != "PYRO" or location is None or not isinstance(object_id, str):
            raise SecurityError(f"the name {name!r} stands for {uri}, which is no address of an object")
        daemon = self._daemons.get(location)
        if daemon is None:
            if len(self._daemons) >= self._most:
                await self._make_room()
            daemon = self._daemons[location] = Daemon(location, self._settings, self._per_daemon)
        return Target(daemon, object_id, name)

    async def close(self) -> None:
        """Close all connections."""
        for daemon in self._daemons.values():
            await daemon.close()
        self._daemons.clear()

    async def _make_room(self) -> None:
        """Let go of the daemon that came first, of those that nobody waits for."""
        for location, daemon in self._daemons.items():
            if not daemon.busy:
                del self._daemons[location]
                await daemon.close()
                return
        raise Problem(
            "overloaded", f"calls to {self._most} daemons are under way", headers={"Retry-After": "1"}
        )
