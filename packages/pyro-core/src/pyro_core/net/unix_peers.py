"""Who is at the other end of a Unix socket."""

import socket
import struct
from typing import Any, Final

from pyro_core.identity import UnixPeer

_CREDENTIALS: Final = struct.Struct("3i")
"""Process, user, group. Source: struct ucred of Linux, unix(7)."""


def unix_peer(sock: Any) -> UnixPeer | None:
    """The process that connected.

    Args:
        sock: A connected socket of any kind, or what speaks TLS over one.

    Returns:
        The process; None if it is no Unix socket, or the operating system does not tell.
    """
    sock = getattr(sock, "raw", sock)  # what TLS is spoken over
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None or getattr(sock, "family", None) != getattr(socket, "AF_UNIX", object()):
        return None
    pid, uid, gid = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return UnixPeer(uid, gid, pid)
