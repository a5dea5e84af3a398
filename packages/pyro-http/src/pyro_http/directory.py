"""The names of the name server, as far as they are offered: kept in memory, and told to who watches them."""

import asyncio
import difflib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from pyro_client import AsyncProxy, locate_ns_async
from pyro_core.errors import NameNotFound, PyroError
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_http.exposure import Exposure

MAX_WAITING: Final = 2_000
"""Events that wait for a watcher; one that is slower begins anew."""
POLL_S: Final = 2.0
"""How often names of a stock name server are read: it does not tell of changes."""
LEASES_S: Final = 2.0
"""How often it is asked how long leases still last, while somebody watches."""
MAX_LEASES: Final = 1_000
"""Leases of which that is asked."""
REMEMBERED_S: Final = 60.0
"""How long names hold when the name server is gone: the objects are still there, most probably."""
SILENCE_S: Final = 40.0
"""A name server that says nothing for so long is gone: it speaks every 15 seconds."""
NOT_HEARD: Final = "the name server cannot be heard now; the log of the gateway says why"
_RETRY_S: Final = 1.0

Event = dict[str, Any]

_log = logging.getLogger("pyro_http.directory")


@dataclass(frozen=True, slots=True)
class Named:
    """What is known about one name.

    Attributes:
        name: The name.
        uri: Its address.
        tags: Its metadata.
        ttl_s: How long its lease lasts when renewed, in seconds; None if it is permanent.
        ends_at: When the lease ends unless it is renewed, on the clock; None if that is not known.
    """

    name: str
    uri: URI
    tags: tuple[str, ...] = ()
    ttl_s: float | None = None
    ends_at: float | None = None

    def shown(self, now: float) -> dict[str, Any]:
        """What clients see: not the address."""
        left_s = None if self.ends_at is None else round(max(self.ends_at - now, 0.0), 1)
        lease = None if self.ttl_s is None else {"ttl_s": self.ttl_s, "left_s": left_s}
        return {"name": self.name, "tags": list(self.tags), "lease": lease}


class Directory:
    """Watches the name server from ``run`` on.

    Args:
        settings: How to find the name server, and to talk to it.
        exposure: Which names are offered; others do not come in here.
        clock: Gives monotonic seconds.

    Attributes:
        names: What is known.
        problem: Why nothing is known (any more); empty while the name server is heard.
        asked: Set when it has answered, or could not be asked, for the first time.
    """

    def __init__(
        self, settings: ClientSettings, exposure: Exposure, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = replace(settings, timeouts=replace(settings.timeouts, call_s=SILENCE_S))
        self._exposure = exposure
        self._clock = clock
        self._watchers: set[asyncio.Queue[Event | None]] = set()
        self._server: AsyncProxy | None = None
        self._tells = False
        self._lost_at = 0.0
        self.names: dict[str, Named] = {}
        self.problem = "not asked yet"
        self.asked = asyncio.Event()

    async def run(self) -> None:
        """Listen to the name server, and look for it again when it is gone; ends when it is cancelled."""
        while True:
            try:
                async with await locate_ns_async(settings=self._settings) as server:
                    await server._pyro.bind()
                    self._server = server
                    self._tells = "watch" in server._pyro.metadata.methods
                    await (self._watch(server) if self._tells else self._poll(server))
                problem = "the name server ended the stream of changes"
            except PyroError as failure:
                problem = str(failure)
            self._server = None
            if not self.problem:
                self._lost_at = self._clock()
                self._tell({"kind": "current", "problem": NOT_HEARD})
            if not self.problem or not self.asked.is_set():
                _log.warning("names are not known for now: %s", problem)
            self.problem = problem
            self.asked.set()
            await asyncio.sleep(_RETRY_S)

    def offers(self, name: str) -> bool:
        """Whether objects of a name may be offered, registered or not."""
        return self._exposure.allows(name)

    async def lookup(self, name: str) -> Named:
        """What is known about a name.

        Raises:
            NameNotFound: If it is not registered, or not offered.
            NamingError: If the name server cannot be asked.
        """
        found = self.names.get(name)
        heard = not self.problem or self._clock() - self._lost_at < REMEMBERED_S
        if found is not None and heard:
            return found
        if self.problem or not self._tells:
            return await self._ask(name)
        raise NameNotFound(name, difflib.get_close_matches(name, list(self.names)[:1000]))

    def shown(self) -> list[dict[str, Any]]:
        """All names, as clients see them."""
        now = self._clock()
        return [self.names[name].shown(now) for name in sorted(self.names)]

    def __len__(self) -> int:
        """How many watch."""
        return len(self._watchers)

    async def events(self) -> AsyncGenerator[Event, None]:
        """All names first, then changes as they happen; ends for a watcher that is too slow."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(MAX_WAITING)
        self._watchers.add(queue)
        event: Event | None = {"kind": "reset"}
        try:
            while event is not None:
                yield event
                if event["kind"] == "reset":
                    problem = NOT_HEARD if self.problem else ""
                    for shown in self.shown():
                        yield {"kind": "added", **shown}
                    yield {"kind": "current", "problem": problem}
                event = await queue.get()
        finally:
            self._watchers.discard(queue)

    async def _watch(self, server: Any) -> None:
        leases = asyncio.create_task(self._follow_leases(server))
        fresh: dict[str, Named] | None = None
        items = await server.watch(0)
        try:
            async for item in items:
                kind = item["kind"]
                if kind == "reset":
                    fresh = {}
                elif kind == "current":
                    self._heard(fresh)
                    fresh = None
                elif fresh is not None:
                    self._keep(fresh, item)
                else:
                    self._changed(item)
        finally:
            leases.cancel()
            await items.aclose()

    async def _poll(self, server: Any) -> None:
        while True:
            found = await server.list(return_metadata=True)
            fresh: dict[str, Named] = {}
            for name, (uri, tags) in found.items():
                self._keep(fresh, {"name": name, "uri": uri, "tags": tags})
            if self.problem:
                self._heard(fresh)
            else:
                self._differs(fresh)
            await asyncio.sleep(POLL_S)

    def _heard(self, fresh: dict[str, Named] | None) -> None:
        """The name server is there, and these are its names if they are known anew."""
        if fresh is not None:
            self.names = fresh
        if fresh is not None or self.problem:
            self.problem = ""
            self.asked.set()
            self._tell({"kind": "reset"})

    def _differs(self, fresh: dict[str, Named]) -> None:
        before, self.names = self.names, fresh
        for name in before.keys() - fresh.keys():
            self._tell({"kind": "removed", "name": name})
        for name, named in fresh.items():
            if before.get(name) != named:
                kind = "changed" if name in before else "added"
                self._tell({"kind": kind, **named.shown(self._clock())})

    def _changed(self, item: Event) -> None:
        name = item["name"]
        if item["kind"] in ("removed", "expired"):
            if self.names.pop(name, None) is not None:
                self._tell({"kind": item["kind"], "name": name})
        elif self._keep(self.names, item):
            self._tell({"kind": item["kind"], **self.names[name].shown(self._clock())})

    def _keep(self, names: dict[str, Named], item: Event) -> bool:
        """Take a name in, if it is offered and its address makes sense."""
        name, ttl_s = item["name"], item.get("ttl")
        if not self._exposure.allows(name):
            return False
        try:
            uri = URI(str(item["uri"]))
        except PyroError as problem:
            _log.warning("the name %r has an address that is none: %s", name, problem)
            return False
        ends_at = None if ttl_s is None else self._clock() + ttl_s
        names[name] = Named(name, uri, tuple(sorted(item.get("tags", ()))), ttl_s, ends_at)
        return True

    async def _follow_leases(self, server: AsyncProxy) -> None:
        """Ask how long leases still last, while somebody watches: renewing is no change."""
        while "time_left" in server._pyro.metadata.methods:
            await asyncio.sleep(LEASES_S)
            leased = [name for name, named in self.names.items() if named.ttl_s is not None][:MAX_LEASES]
            if not leased or not self._watchers:
                continue
            try:
                left = await server._pyro.invoke("time_left", [leased])
            except PyroError as problem:  # whoever watches the changes says so too
                _log.debug("leases cannot be asked for: %s", problem)
                return
            now = self._clock()
            for name, left_s in left.items():
                if name in self.names:
                    self.names[name] = replace(self.names[name], ends_at=now + left_s)
            self._tell({"kind": "leases", "left_s": {name: round(s, 1) for name, s in left.items()}})

    async def _ask(self, name: str) -> Named:
        """Look a name up now."""
        if not self._exposure.allows(name):
            raise NameNotFound(name)
        server = self._server
        if server is None:
            server = await locate_ns_async(settings=self._settings)
        try:
            uri = await server._pyro.invoke("lookup", [name])
        finally:
            if server is not self._server:
                await server._pyro.release()
        return Named(name, URI(str(uri)))

    def _tell(self, event: Event) -> None:
        for queue in list(self._watchers):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._watchers.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)
