"""Forgets names whose servers are gone."""

import logging
import time
from collections.abc import Callable
from typing import Final

from pyro_core.errors import CommunicationError, NamingError, PyroError, SettingsError
from pyro_core.net.sockets import connect
from pyro_core.uri import URI
from pyro_nameserver.periodic import Periodic
from pyro_nameserver.storage.base import Storage

MIN_PERIOD_S: Final = 3.0
"""Shortest time between two rounds."""
DEAD_AFTER_S: Final = 20.0
"""How long a server must have been unreachable before its names are forgotten."""
_PROBE_S: Final = 2.0

_log = logging.getLogger("pyro_nameserver.autoclean")


def accepts_connections(uri: URI) -> bool:
    """Whether somebody listens at an address."""
    try:
        connection = connect(uri, timeout_s=_PROBE_S)
    except CommunicationError as problem:
        # Not being allowed to connect says that there is something to connect to.
        return isinstance(problem.__cause__, PermissionError)
    connection.close()
    return True


class AutoCleaner(Periodic):
    """Tries every registered server now and then, and forgets those that stay away.

    Names that were given another address meanwhile are kept, and so are entries that cannot be tried, such
    as aliases (PYRONAME) or texts that are no address. Leased names are not looked at: their leases end.

    Args:
        storage: The names.
        period_s: Seconds between two rounds.
        min_period_s: What that must be at least.
        dead_after_s: How long a server must have been unreachable before its names are forgotten.
        clock: Gives monotonic seconds.
        probe: Tells whether somebody listens at an address.

    Raises:
        SettingsError: If the period is too short.
    """

    thread_name = "pyro-ns-autoclean"

    def __init__(
        self,
        storage: Storage,
        *,
        period_s: float,
        min_period_s: float = MIN_PERIOD_S,
        dead_after_s: float = DEAD_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
        probe: Callable[[URI], bool] = accepts_connections,
    ) -> None:
        if not period_s >= min_period_s:
            raise SettingsError(
                f"the auto-clean period must be {min_period_s} s or more, got {period_s!r} (0 is off)",
                name="autoclean_s",
            )
        super().__init__(period_s)
        self._storage = storage
        self._dead_after_s = dead_after_s
        self._clock = clock
        self._probe = probe
        self._away_since: dict[str, float] = {}  # address -> when it was first found unreachable

    def sweep(self) -> list[str]:
        """One round.

        Returns:
            The names that were forgotten.
        """
        names_by_address: dict[str, list[str]] = {}
        for name, entry in self._storage.find().items():
            if entry.ttl_s is None:
                names_by_address.setdefault(entry.uri, []).append(name)
        answers: dict[str, bool] = {}  # several objects of one server: try it once
        for address in names_by_address:
            if self._stop.is_set():
                return []
            self._note(address, answers)
        self._away_since = {uri: since for uri, since in self._away_since.items() if uri in names_by_address}
        deadline = self._clock() - self._dead_after_s
        return [
            name
            for address, since in self._away_since.items()
            if since <= deadline
            for name in names_by_address[address]
            if self._storage.remove(name, only_uri=address, by="")
        ]

    def work(self) -> None:
        """One round, and tell the log what it did."""
        try:
            forgotten = self.sweep()
        except NamingError as problem:  # the storage is unavailable now; it may be back next time
            _log.warning("auto-clean skips a round: %s", problem)
        else:
            if forgotten:
                _log.info("forgot names whose servers are gone: %s", ", ".join(sorted(forgotten)))

    def _note(self, address: str, answers: dict[str, bool]) -> None:
        """Find out whether somebody listens at a registered address."""
        try:
            uri = URI(address)
            location = uri.location
        except (PyroError, ValueError):
            return
        if location is None or uri.protocol != "PYRO":
            return
        if location not in answers:
            answers[location] = self._alive(uri)
        if answers[location]:
            self._away_since.pop(address, None)
        else:
            self._away_since.setdefault(address, self._clock())

    def _alive(self, uri: URI) -> bool:
        # Whatever a stranger registered: a host that is no host name, a path that is too long, ...
        try:
            return self._probe(uri)
        except (PyroError, OSError, ValueError) as problem:
            _log.debug("auto-clean cannot try %s: %s", uri, problem)
            return False
