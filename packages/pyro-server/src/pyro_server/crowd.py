"""How many connections a daemon has, of which peers, and how many of them have not shaken hands."""

import logging
import threading

from pyro_core.errors import SecurityError
from pyro_core.setting_groups import Limits
from pyro_server.connection import GONE, GUEST, STRANGER, Connection

log = logging.getLogger("pyro_server.crowd")


class Crowd:
    """Counts the connections of one daemon. Thread-safe.

    Those that wait for a handshake and are too many are closed without a word; afterwards a client is told.
    Clients on Unix sockets have no addresses, and count as one peer.

    Args:
        limits: How many there may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._strangers = 0
        self._strangers_of: dict[str, int] = {}
        self._guests_of: dict[str, int] = {}
        self._warned = False

    def arrived(self, connection: Connection) -> None:
        """Somebody connected.

        Raises:
            ConnectionRefusedError: If there are too many who have not shaken hands.
        """
        address = _address(connection)
        limits = self._limits
        with self._lock:
            of_peer = self._strangers_of.get(address, 0)
            if self._strangers < limits.max_handshakes and of_peer < limits.max_handshakes_per_peer:
                self._strangers += 1
                self._strangers_of[address] = of_peer + 1
                connection.standing = STRANGER
                return
            warned, self._warned = self._warned, True
        if not warned:
            log.warning(
                "refusing connections: %d handshakes are under way, %d of %s",
                self._strangers,
                of_peer,
                address or "Unix sockets",
            )
        raise ConnectionRefusedError("too many connections have not shaken hands")

    def accept(self, connection: Connection) -> None:
        """A handshake is about to be accepted.

        Raises:
            SecurityError: If there are too many connections of that peer.
        """
        address = _address(connection)
        most = self._limits.max_connections_per_peer
        with self._lock:
            if connection.standing != STRANGER:
                return  # it is gone, or was not counted
            if self._guests_of.get(address, 0) >= most:
                raise SecurityError(
                    f"too many connections from {address or 'Unix sockets'} ({most}); close some, or raise "
                    "Limits.max_connections_per_peer of the daemon"
                )
            self._guests_of[address] = self._guests_of.get(address, 0) + 1
            self._forget_stranger(address)
            connection.standing = GUEST

    def left(self, connection: Connection) -> None:
        """A connection is gone."""
        address = _address(connection)
        with self._lock:
            if connection.standing == GUEST:
                _less(self._guests_of, address)
            elif connection.standing == STRANGER:
                self._forget_stranger(address)
            connection.standing = GONE

    def _forget_stranger(self, address: str) -> None:
        if _less(self._strangers_of, address):
            self._strangers -= 1
            self._warned = self._warned and self._strangers > 0


def _address(connection: Connection) -> str:
    """Where it comes from, without the port."""
    return connection.peer.rpartition(":")[0]


def _less(counts: dict[str, int], address: str) -> bool:
    """One less; tells whether there was one."""
    count = counts.get(address, 0)
    if count > 1:
        counts[address] = count - 1
    elif count:
        del counts[address]
    return count > 0
