"""Several processes that serve the same objects on the same addresses, for work that keeps cores busy."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from pyro_core.errors import PyroError
from pyro_core.net.sockets import BACKLOG
from pyro_core.transport import Host, Load, Transport
from pyro_server.transports.accepting import is_tcp
from pyro_server.transports.poller import Wakeup
from pyro_server.transports.serving import CLOSE_S, Serving
from pyro_server.transports.supervising import END_ALL, Supervisor
from pyro_server.transports.threaded import ThreadedTransport

log = logging.getLogger("pyro_server.transports.prefork")

_SAME: Final = (
    (socket.SOL_SOCKET, getattr(socket, "SO_REUSEPORT", 0)),
    (
        socket.SOL_SOCKET,
        socket.SO_REUSEADDR,
    ),  # or else connections that are there would be in the way
    (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY),
)
MARGIN_S: Final = 2.0
"""Beyond what a child may take to end, before it is killed."""


class PreforkTransport(Transport):
    """Forks processes of which each runs the ``threaded`` transport; this one supervises them.

    Each process has a listening socket of its own for each address, and the system spreads connections over
    them. Sockets of processes that died are kept: what connects meanwhile waits for the next process. Each
    process has its own copy of everything that was registered before ``serve``. With one process nothing is
    forked.
    """

    name: ClassVar[str] = "prefork"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self._count = host.settings.processes or usable_cores()
        # What serves here: in a child, or if there is to be one process only.
        self._here = ThreadedTransport(host, self.listeners) if self._count == 1 else None
        # Of each process; the first has ``listeners`` themselves. Made before anybody knows where to connect.
        self._sockets: list[list[Any]] = []
        self._stopping = False
        self._serving = Serving()
        if self._here is not None:
            return
        if sys.platform != "linux":
            raise PyroError(
                f"the {self.name!r} transport needs fork() and SO_REUSEPORT as Linux has them, and this is "
                f"{sys.platform}; use 'threaded', or ServerSettings(processes=1)"
            )
        more = range(self._count - 1)
        self._sockets = [self.listeners, *([_twin(sock) for sock in listeners] for _ in more)]
        self._wakeup = Wakeup()

    def add_listener(self, listener: Any) -> None:
        if self._here is not None:
            self._here.add_listener(listener)
            return
        if self._serving.thread is not None:
            raise PyroError("this daemon serves already: listen in further places before that")
        for sockets in self._sockets[1:]:
            sockets.append(_twin(listener))
        self.listeners.append(listener)

    @property
    def load(self) -> Load:
        """Of this process: the one that supervises has nothing to do."""
        return super().load if self._here is None else self._here.load

    @property
    def is_serving(self) -> bool:
        return self._serving.thread is not None if self._here is None else self._here.is_serving

    def check_background(self) -> None:
        if self._here is None:
            raise PyroError(
                f"the {self.name!r} transport forks, which is not safe in a program that goes on beside it; "
                "serve in the main thread with request_loop(), or use 'threaded'"
            )

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        if self._here is not None:
            self._here.serve(running)
            return
        reader, writer = os.pipe()
        supervisor = Supervisor(self._count, lambda number: self._be_child(number, reader, writer))
        timeouts = self.host.settings.timeouts
        self._serving.begin()
        try:
            if supervisor.supervise(lambda: self._stopping or not running(), self._wakeup):
                self._stopping = True
        finally:
            if self._stopping:
                self._close_sockets()  # nobody is to wait at a socket that nobody serves
            supervisor.end(timeouts.drain_s + CLOSE_S + MARGIN_S)
            os.close(reader)
            os.close(writer)
            self._serving.end()
        if self._serving.close_after:
            self._close_sockets()

    def shutdown(self) -> None:
        # A signal handler may be calling: no lock, no logging.
        self._stopping = True
        if self._here is not None:
            self._here.shutdown()
        else:
            self._wakeup.wake()

    def close(self) -> None:
        self.shutdown()
        if self._here is not None:
            self._here.close()
        elif self._serving.may_close():
            self._close_sockets()

    def _close_sockets(self) -> None:
        for sock in (*self.listeners, *(sock for own in self._sockets for sock in own)):
            sock.close()
        self._wakeup.close()

    # ---- a child

    def _be_child(self, number: int, reader: int, writer: int) -> int:
        """Serve in a process of its own; gives its exit code."""
        os.close(writer)  # only the parent has it: when it dies, reading ends
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent gets it too, and passes on what it means
        if number:  # the objects stay the same, for whoever knows them
            for sock, own in zip(self.listeners, self._sockets[number], strict=True):
                os.dup2(own.fileno(), sock.fileno(), inheritable=False)
        for sock in (sock for others in self._sockets[1:] for sock in others):
            sock.close()
        self._wakeup.close()
        self._wakeup = Wakeup()
        self._stopping = False
        let_go = self.host.forked()
        here = self._here = ThreadedTransport(self.host, self.listeners)
        told = threading.Event()

        def stop(*_: object) -> None:
            told.set()
            here.shutdown()

        def watch_parent() -> None:
            os.read(reader, 1)
            stop()

        signal.signal(signal.SIGTERM, stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        threading.Thread(target=watch_parent, name="pyro-prefork", daemon=True).start()
        here.serve()
        here.close()
        let_go()
        return 0 if told.is_set() else END_ALL


def usable_cores() -> int:
    """Number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _twin(sock: socket.socket) -> socket.socket:
    """Another socket that listens at the same place; for Unix sockets the same one once more."""
    if not is_tcp(sock):
        return sock.dup()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    twin = socket.socket(sock.family, sock.type)
    try:
        for level, option in _SAME:
            if level != socket.IPPROTO_IPV6 or sock.family == socket.AF_INET6:
                twin.setsockopt(level, option, sock.getsockopt(level, option))
        twin.bind(sock.getsockname())
        twin.listen(BACKLOG)
    except OSError as problem:
        twin.close()
        log.info("processes share one socket, which spreads connections less evenly: %s", problem)
        return sock.dup()
    return twin
