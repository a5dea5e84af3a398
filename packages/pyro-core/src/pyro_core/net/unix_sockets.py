"""Unix sockets: connecting, and listening at a path where the file of a dead server may be left."""

import errno
import os
import socket
import stat
import sys

from pyro_core.errors import PyroError


def unix_path(path: str) -> str:
    """A socket path as the kernel wants it: ``@name`` is written for abstract sockets, which begin with NUL.

    A file whose name begins with ``@`` is reached as ``./@name``.
    """
    return f"\0{path[1:]}" if path.startswith("@") else path


def connect_unix(path: str, timeout_s: float | None) -> socket.socket:
    """A socket that is connected to a path. Raises OSError, PyroError, ValueError."""
    _check_unix_path(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(unix_path(path))
    except BaseException:
        sock.close()
        raise
    return sock


def listen_unix(path: str, backlog: int) -> socket.socket:
    """A socket that listens at a path, where ``backlog`` connections may wait to be accepted.

    Raises:
        OSError, PyroError, ValueError: If that is not possible.
    """
    _check_unix_path(path)
    path = unix_path(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            sock.bind(path)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE or path.startswith("\0") or not _is_dead(path):
                raise
            os.unlink(path)
            sock.bind(path)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _is_dead(path: str) -> bool:
    """Whether a path is a Unix socket with nobody behind it."""
    if not stat.S_ISSOCK(os.lstat(path).st_mode):  # some other file, which refuses connections too
        return False
    try:
        connect_unix(path, 1.0).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _check_unix_path(path: str) -> None:
    if not hasattr(socket, "AF_UNIX"):
        raise PyroError(f"Unix sockets do not exist on {sys.platform}; use host and port")
    if "\0" in path[1:] and not path.startswith("\0"):  # the kernel would take what comes before it
        raise ValueError("a NUL character may only be the first of a socket path")
