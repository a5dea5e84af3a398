"""Talks with a service manager such as systemd, in the ways that it documents; no library is needed.

It says where to send notifications (``NOTIFY_SOCKET``), how often it wants a sign of life
(``WATCHDOG_USEC``), and which sockets it has opened for us (``LISTEN_FDS``). Without a service manager
everything here does nothing.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

from pyro_core.errors import SettingsError

_FIRST_FD: Final = 3
_log = logging.getLogger("pyro_nameserver.service_manager")


class ServiceManager:
    """Who started this process.

    Args:
        environ: The variables by which it tells what it wants.
        first_fd: Descriptor of the first socket that it has opened.

    Attributes:
        watchdog_s: Seconds within which it wants each sign of life; None if it wants none.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, *, first_fd: int = _FIRST_FD) -> None:
        self._socket = environ.get("NOTIFY_SOCKET", "")
        self._first_fd = first_fd
        here = str(os.getpid())
        for_us = environ.get("WATCHDOG_PID", here) == here
        period_us = _number(environ, "WATCHDOG_USEC") if for_us else 0
        self.watchdog_s = period_us / 1e6 if period_us and self._socket else None
        self._fds = _number(environ, "LISTEN_FDS") if environ.get("LISTEN_PID") == here else 0

    def notify(self, *states: str) -> None:
        """Tell it something, such as ``READY=1``. A failure is logged: the service goes on."""
        if not self._socket:
            return
        address = f"\0{self._socket[1:]}" if self._socket.startswith("@") else self._socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(1.0)
                sock.sendto("\n".join(states).encode(), address)
        except OSError as problem:
            _log.warning("cannot notify the service manager at %s: %s", self._socket, problem)

    def notify_reloading(self) -> None:
        """Tell it that a reload begins; ``READY=1`` ends it."""
        self.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def sockets(self) -> list[socket.socket]:
        """The listening sockets that it has opened; to be asked once.

        Raises:
            SettingsError: If one of them is something else.
        """
        found: list[socket.socket] = []
        for fd in range(self._first_fd, self._first_fd + self._fds):
            os.set_inheritable(fd, False)
            sock = socket.socket(fileno=fd)
            found.append(sock)
            if sock.type != socket.SOCK_STREAM or not sock.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                for each in found:
                    each.close()
                raise SettingsError(
                    f"the service manager passed descriptor {fd}, which is no listening stream socket; "
                    "use only ListenStream= in the socket unit, with Accept=no",
                    name="LISTEN_FDS",
                )
        return found


def _number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name, "0")
    if not text.isascii() or not text.isdigit():
        raise SettingsError(
            f"environment variable {name}={text!r} cannot be used: expected a whole number; "
            "it is for the service manager to set",
            name=name,
        )
    return int(text)
