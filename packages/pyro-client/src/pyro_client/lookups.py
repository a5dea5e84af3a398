"""What names meant when they were looked up last, and whether that still holds.

A name server of ours tells of every change as it happens. Somebody who looks up the same name twice gets a
thread that listens to that, and from then on answers come from memory: only while the name server is heard,
and until it says that the name has changed. Nothing is remembered of other name servers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from threading import Lock, Thread

from pyro_client.forks import FORKS
from pyro_core.errors import PyroError
from pyro_core.features import STREAM
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_client.plans.connect import Connection
    from pyro_client.proxy import Proxy

    Target = str | frozenset[str]

MAX_NAMES: Final = 1_000
"""Names, and sets of tags, that are remembered of one name server."""
MAX_AGE_S: Final = 300.0
"""How long each is remembered at most."""
MAX_NAME_SERVERS: Final = 16
"""How many are known, and listened to, at the same time."""
SILENCE_S: Final = 40.0
"""A name server that says nothing for so long is not heard: it speaks every 15 seconds."""
IDLE_S: Final = 60.0
"""After so long without a lookup, nobody listens any more."""
PAUSE_S: Final = 5.0
"""After listening has failed, it is not tried again for so long."""


class FollowedNames:
    """What is remembered of one name server. Thread-safe.

    Args:
        settings: How to talk to it.
        clock: Monotonic time in seconds.
        listen: Runs a function that listens, in the background.

    Attributes:
        moment: Grows with every change that is heard of.
        used_at: When something was asked last, on the clock.
        wanted: Whether somebody listens, or begins to.
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        listen: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        timeouts = replace(settings.timeouts, call_s=SILENCE_S)
        self._settings = replace(settings, timeouts=timeouts, ns_cache=False)
        self._clock = clock
        self._listen = listen or _in_thread
        self._lock = Lock()
        self._known: dict[Target, tuple[list[str], float]] = {}
        self._asked: dict[Target, None] = {}
        self._listener: Proxy | None = None
        self.wanted = False
        self._live = False
        self._heard_at = self.used_at = 0.0
        self._not_before = float("-inf")
        self.moment = 0

    @property
    def live(self) -> bool:
        """Whether every change is heard of."""
        listener = self._listener
        return (
            self._live
            and listener is not None
            and listener._pyro.connected
            and self._clock() - self._heard_at < SILENCE_S
        )

    def get(self, target: Target) -> list[str] | None:
        """The addresses that a name or tags stand for; None if that is not known for sure."""
        self.used_at = now = self._clock()
        known = self._known.get(target)
        if known is None or not self.live or now - known[1] > MAX_AGE_S:
            return None
        return list(known[0])

    def learn(self, target: Target, found: Iterable[str], connection: Connection, moment: int) -> None:
        """Remember an answer.

        Args:
            target: What was asked.
            found: What was answered.
            connection: Who answered.
            moment: The ``moment`` before asking; if there was a change since then, the answer may be old.
        """
        with self._lock:
            repeated = target in self._asked
            _put(self._asked, target, None)
            if self.live and moment == self.moment:
                _put(self._known, target, (list(found), self._clock()))
            begin = repeated and not self.wanted and self._clock() >= self._not_before
            if not begin or "watch" not in connection.metadata.methods or STREAM not in connection.features:
                return
            self.wanted = True
        self._listen(lambda: self._follow(connection.uri, connection.token))

    def heard(self, item: Mapping[str, Any]) -> None:
        """Take in what the name server says."""
        with self._lock:
            self._heard_at = self._clock()
            if item["kind"] == "current":
                self._live = True
                return
            self.moment += 1
            if item["kind"] == "reset":
                self._known.clear()
                return
            self._known.pop(item["name"], None)
            for target in [target for target in self._known if not isinstance(target, str)]:
                del self._known[target]

    def _follow(self, uri: URI, token: str | None) -> None:
        """Listen until nobody has asked for some time, or the name server is gone."""
        from pyro_client.proxy import Proxy

        try:
            with Proxy(uri, settings=self._settings) as listener:
                listener._pyro._profile.token = token
                self._listener = listener
                for item in listener.watch():
                    self.heard(item)
                    if self._clock() - self.used_at > IDLE_S:
                        break
        except PyroError as problem:
            import logging

            logging.getLogger("pyro_client.lookups").info(
                "names of %s are looked up each time, as its changes are not heard: %s", uri.location, problem
            )
            self._not_before = self._clock() + PAUSE_S
        finally:
            with self._lock:
                self._live = self.wanted = False
                self._listener = None
                self._known.clear()


class Lookups:
    """What is remembered of all name servers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: dict[tuple[ClientSettings, str | None], FollowedNames] = {}
        FORKS.watch(self)

    def of(self, settings: ClientSettings, location: str | None) -> FollowedNames | None:
        """What is remembered of one; None if others are listened to, as many as may be.

        Args:
            settings: How to find it, and to talk to it.
            location: Where it is; None where the settings say.
        """
        key = settings, location
        names = self._names.get(key)
        if names is None:
            with self._lock:
                if len(self._names) >= MAX_NAME_SERVERS and not self._make_room():
                    return None
                names = self._names.setdefault(key, FollowedNames(settings))
        return names

    def _make_room(self) -> bool:
        """Forget the name server that was asked longest ago, of those that nobody listens to."""
        idle = [(names.used_at, key) for key, names in self._names.items() if not names.wanted]
        if not idle:
            return False
        del self._names[min(idle, key=lambda pair: pair[0])[1]]
        return True

    def after_fork(self) -> None:
        """In the child of a fork: nobody listens here."""
        self._lock = Lock()
        self._names = {}


def _put(table: dict[Target, Any], target: Target, value: Any) -> None:
    table.pop(target, None)
    while len(table) >= MAX_NAMES:
        del table[next(iter(table))]
    table[target] = value


def _in_thread(function: Callable[[], object]) -> None:
    Thread(target=function, name="pyro-names-followed", daemon=True).start()


SHARED: Final = Lookups()
"""What all proxies of this process have in common."""
