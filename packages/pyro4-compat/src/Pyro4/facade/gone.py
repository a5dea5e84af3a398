"""Connections that have ended, for programs that ask whose they were."""

from typing import Any


class GoneSocket:
    """What is left of the socket of a connection that has ended: where it led to.

    Args:
        address: Of the other side, as ``getpeername`` gave it.
    """

    def __init__(self, address: Any) -> None:
        self._address = address

    def getpeername(self) -> Any:
        """Address of the other side."""
        return self._address

    def fileno(self) -> int:
        """-1, as of any closed socket."""
        return -1


def remote_address(sock: Any) -> Any:
    """Where a socket leads to; None if it leads nowhere."""
    try:
        return sock.getpeername()
    except (OSError, AttributeError):
        return None
