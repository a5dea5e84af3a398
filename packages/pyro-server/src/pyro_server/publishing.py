"""Keeps the names of a daemon's objects registered in name servers, for as long as the daemon lives."""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any, Final, Literal

from pyro_core.errors import CommunicationError, NameOwned, PyroError
from pyro_core.uri import URI
from pyro_server.publisher import DEFAULT_TTL_S

RENEWALS: Final = 3
"""Renewals within one lease: two may be lost."""
_CALL_S: Final = 3.0
"""How long a name server may take for one call."""
_FIRST_RETRY_S: Final = 0.25
_LONGEST_RETRY_S: Final = 5.0
_JOIN_S: Final = 10.0

State = Literal["leased", "permanent", "waiting", "retrying"]

_log = logging.getLogger("pyro_server.publishing")


@dataclass(frozen=True, slots=True)
class PublishedName:
    """How a published name is doing.

    Attributes:
        name: The name.
        uri: The address that it stands for.
        ns: The name server, as it was given; None for the one that the settings tell.
        ttl_s: How long its lease lasts without renewal, in seconds; None if it is permanent.
        state: ``leased`` or ``permanent``: it is registered. ``waiting``: somebody else has it leased; it is
            taken when that ends. ``retrying``: the name server cannot be reached, or refuses.
        problem: What is wrong, where something is.
        metadata: Its tags.
    """

    name: str
    uri: URI
    ns: str | None
    ttl_s: float | None
    state: State
    problem: str = ""
    metadata: frozenset[str] = frozenset()
    owner: str = field(default="", repr=False)


class _Place:
    """One name server, and what is to be known there.

    Args:
        ns: As it was given.
    """

    def __init__(self, ns: str | None) -> None:
        self.ns = ns
        self.lock = threading.RLock()  # one conversation at a time
        self.names: dict[str, PublishedName] = {}
        self.proxy: Any = None
        self.leases = True
        self.told = False  # that there are no leases
        self.due = float("inf")
        self.waits: Iterator[float] | None = None

    def drop(self) -> None:
        """Close the connection."""
        proxy, self.proxy = self.proxy, None
        if proxy is not None:
            proxy._pyro.release()


class NameKeeper:
    """Registers names, and renews them in a thread, which starts with the first one.

    Args:
        connect: Gives a proxy of the name server at a place; None for where the settings say.
        clock: Monotonic time in seconds.
        draw: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        connect: Callable[[str | None], Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._draw = draw
        self._owner = secrets.token_urlsafe(16)
        self._places: dict[str | None, _Place] = {}
        self._lock = threading.Lock()
        # Reentrant, other than locks, so that a signal handler may use it.
        self._orders: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def names(self) -> dict[str, PublishedName]:
        """All names and how they are doing."""
        with self._lock:
            places = list(self._places.values())
        return {name: kept for place in places for name, kept in dict(place.names).items()}

    def publish(
        self,
        name: str,
        uri: URI,
        *,
        ns: str | None = None,
        ttl_s: float | None = DEFAULT_TTL_S,
        metadata: Iterable[str] = (),
        owner: str | None = None,
    ) -> None:
        """Register a name now, and keep it registered.

        Raises:
            PyroError: If the name server cannot be reached, or refuses, other than because somebody else has
                the name leased: that is waited for in the background.
        """
        with self._lock:
            place = self._places.setdefault(ns, _Place(ns))
        tags = frozenset(metadata)
        wanted = PublishedName(name, uri, ns, ttl_s, "retrying", "", tags, owner or self._owner)
        with place.lock:
            try:
                self._register(place, wanted)
            except PyroError:
                place.drop()
                raise
            place.due = min(place.due, self._next(place))
            if place.due == float("inf"):
                place.drop()  # stock name servers keep a thread for each connection
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pyro-published-names", daemon=True)
                self._thread.start()
        self._orders.put(lambda: None)

    def withdraw(self, chosen: Callable[[PublishedName], bool]) -> None:
        """Take names out again. Names that somebody else has taken over are left alone.

        What cannot be taken out is logged: leased names end by themselves.
        """
        with self._lock:
            places = list(self._places.values())
        for place in places:
            with place.lock:
                gone = [kept for kept in place.names.values() if chosen(kept)]
                for kept in gone:
                    del place.names[kept.name]
                try:
                    self._remove_all(place, gone)
                except PyroError as problem:
                    _log.warning(
                        "names stay registered in the name server, leased ones until they end: %s; %s",
                        ", ".join(kept.name for kept in gone),
                        problem,
                    )
                if not place.names:
                    place.drop()

    def withdraw_soon(self, chosen: Callable[[PublishedName], bool]) -> None:
        """The same, in the background. Takes no lock."""
        self._orders.put(lambda: self.withdraw(chosen))

    def close(self) -> None:
        """Take all names out, and stop. May be called more than once."""
        with self._lock:
            thread, self._thread = self._thread, None
        self.withdraw_soon(lambda kept: True)
        self._orders.put(None)
        if thread is not None:
            thread.join(_JOIN_S)

    # ---- in the thread

    def _run(self) -> None:
        while True:
            with self._lock:
                places = list(self._places.values())
            due = min((place.due for place in places), default=float("inf"))
            try:
                order = self._orders.get(timeout=max(min(due - self._clock(), threading.TIMEOUT_MAX), 0.0))
            except Empty:
                for place in places:
                    if place.due <= self._clock():
                        self.refresh(place)
                continue
            if order is None:
                return
            try:
                order()
            except Exception:  # the thread is needed for what comes later
                _log.exception("taking names out of the name server failed")

    def refresh(self, place: _Place) -> None:
        """Renew the leases at a place, and register again what is not known there."""
        with place.lock:
            try:
                missing = self._renew(place)
                for kept in list(place.names.values()):
                    if kept.state in ("waiting", "retrying") or kept.name in missing:
                        self._register(place, kept)
            except Exception as problem:  # whatever it is: the thread must go on, and the state tells
                place.drop()
                known = problem if isinstance(problem, PyroError) else None
                for kept in list(place.names.values()):
                    if kept.ttl_s is not None or kept.state == "retrying":
                        self._note(place, kept, "retrying", str(problem), None if known else problem)
            place.due = self._next(place)

    def _renew(self, place: _Place) -> set[str]:
        by_owner: dict[str, list[str]] = {}
        for kept in place.names.values():
            if kept.state == "leased" or (kept.state == "retrying" and kept.ttl_s is not None):
                by_owner.setdefault(kept.owner, []).append(kept.name)
        missing: set[str] = set()
        for owner, names in by_owner.items():
            proxy = self._proxy(place)
            if place.leases:
                for start in range(0, len(names), 1000):
                    missing.update(proxy.renew(names[start : start + 1000], owner))
                for name in set(names) - missing:
                    self._note(place, place.names[name], "leased")
        return missing

    def _register(self, place: _Place, kept: PublishedName) -> None:
        proxy = self._proxy(place)
        uri, tags = str(kept.uri), sorted(kept.metadata)
        if kept.ttl_s is None or not place.leases:
            more: Mapping[str, Any] = {"metadata": tags} if tags else {}
            proxy.register(kept.name, uri, **more)
            if kept.ttl_s is not None and not place.told:
                place.told = True
                _log.warning(
                    "the name server at %s knows no leases: names (%s, ...) stay registered there until they "
                    "are removed, even if this program is killed",
                    proxy._pyro.uri.location,
                    kept.name,
                )
            place.names[kept.name] = replace(kept, state="permanent", ttl_s=None, problem="")
            return
        try:
            proxy.register(kept.name, uri, metadata=tags, ttl=kept.ttl_s, owner=kept.owner)
        except NameOwned as problem:
            self._note(place, kept, "waiting", str(problem))
        else:
            self._note(place, kept, "leased")

    def _remove_all(self, place: _Place, gone: Iterable[PublishedName]) -> None:
        connected = place.proxy is not None
        try:
            for kept in gone:
                self._remove(place, kept)
        except CommunicationError:
            if not connected:
                raise
            place.drop()  # that name server is gone, or was started again: there may be one
            for kept in gone:
                self._remove(place, kept)

    def _remove(self, place: _Place, kept: PublishedName) -> None:
        if kept.state == "waiting":
            return
        proxy = self._proxy(place)
        if kept.ttl_s is None:
            if str(proxy.list(kept.name).get(kept.name)) == str(kept.uri):
                proxy.remove(kept.name)
            return
        try:
            proxy.remove(kept.name, owner=kept.owner)
        except NameOwned:
            _log.info("%s belongs to somebody else by now", kept.name)

    def _proxy(self, place: _Place) -> Any:
        if place.proxy is None:
            proxy = self._connect(place.ns)
            proxy._pyro.timeout_s = _CALL_S
            place.leases = "renew" in proxy._pyro.known_metadata().methods
            place.proxy = proxy
        return place.proxy

    def _note(
        self,
        place: _Place,
        kept: PublishedName,
        state: State,
        problem: str = "",
        error: BaseException | None = None,
    ) -> None:
        """Remember how a name is doing; say so if that is news."""
        before = place.names.get(kept.name)
        place.names[kept.name] = replace(kept, state=state, problem=problem)
        was = before.state if before is not None else None
        if was == state:
            return
        if state == "leased":
            level = logging.DEBUG if was is None else logging.WARNING
            _log.log(level, "the name %s is registered%s", kept.name, "" if was is None else " again")
        elif state == "waiting":
            _log.warning("%s; it is taken when that ends", problem)
        else:
            _log.warning(
                "the name %s cannot be kept registered, and this is tried again until it works: %s",
                kept.name,
                problem,
                exc_info=error,
            )

    def _next(self, place: _Place) -> float:
        """When to turn to a place again."""
        shortest_s = min((kept.ttl_s for kept in place.names.values() if kept.ttl_s), default=None)
        waits_s = [] if shortest_s is None else [shortest_s / RENEWALS * (0.8 + 0.2 * self._draw())]
        if any(kept.state in ("waiting", "retrying") for kept in place.names.values()):
            place.waits = place.waits or self._retries()
            waits_s.append(next(place.waits))
        else:
            place.waits = None
        return self._clock() + min(waits_s, default=float("inf"))

    def _retries(self) -> Iterator[float]:
        """Waiting times that grow, each shortened at random."""
        limit_s = _FIRST_RETRY_S
        while True:
            yield limit_s * (0.5 + 0.5 * self._draw())
            limit_s = min(2 * limit_s, _LONGEST_RETRY_S)
