"""Which protocol version each server turned out to speak, so that the question is asked only once."""

from __future__ import annotations

from threading import Lock

from pyro_core.names import PROTOCOL_502

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

DEFAULT_MAX_PEERS: Final = 1024


class PeerVersions:
    """A bounded memory of servers that do not speak the preferred version. Thread-safe.

    Args:
        max_peers: How many addresses to remember; the one that was learnt first is forgotten first.
    """

    def __init__(self, max_peers: int = DEFAULT_MAX_PEERS) -> None:
        self.max_peers = max_peers
        self._versions: dict[str, int] = {}
        self._lock = Lock()

    def get(self, address: str) -> int:
        """The version to speak to an address: what was remembered, else 502."""
        return self._versions.get(address, PROTOCOL_502)

    def remember(self, address: str, version: int) -> None:
        """Note what a server speaks; the preferred version needs no memory."""
        with self._lock:
            self._versions.pop(address, None)
            if version != PROTOCOL_502:
                while len(self._versions) >= self.max_peers:
                    del self._versions[next(iter(self._versions))]
                self._versions[address] = version

    def __len__(self) -> int:
        return len(self._versions)


SHARED: Final = PeerVersions()
"""What all proxies of this process learnt, unless they were given a memory of their own."""
