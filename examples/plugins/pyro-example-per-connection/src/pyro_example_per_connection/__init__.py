"""The simplest transport: one thread for each connection.

Good for a handful of clients, and for reading. The built-in ``threaded`` transport serves thousands, because
its threads belong to calls.
"""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pyro_core.transport import Engine, Host, Transport

__all__ = ["PerConnectionTransport"]

_RECEIVE_BYTES = 65536


class PerConnectionTransport(Transport):
    """The transport ``per-connection``."""

    name: ClassVar[str] = "per-connection"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self._stopped = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._served = 0
        self._lock = threading.Lock()
        self._serving = threading.Lock()

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        """Accept clients until stopped; see ``Transport``."""
        tick_s = self.host.settings.timeouts.housekeeping_s
        with self._serving, selectors.DefaultSelector() as selector:
            for sock in (*self.listeners, self._woken):
                selector.register(sock, selectors.EVENT_READ)
            while not self._stopped.is_set() and running():
                for key, _ in selector.select(tick_s):
                    if key.fileobj is not self._woken and not self._stopped.is_set():
                        self._accept(key.fileobj)
                self.host.housekeeping()

    def shutdown(self) -> None:
        """Make ``serve`` return."""
        self._stopped.set()
        try:
            self._wake.send(b"!")
        except OSError:  # it is closed: nobody is left to wake
            pass

    def close(self) -> None:
        """Close everything and wait for the threads, a moment each."""
        self.shutdown()
        for listener in self.listeners:
            listener.close()
        with self._lock:
            clients = dict(self._clients)
        this = threading.current_thread()  # a call may close its own server: it still gets its answer out
        for sock, thread in clients.items():
            if thread is not this:
                _hang_up(sock)
        for thread in clients.values():
            if thread is not this:
                thread.join(self.host.settings.timeouts.housekeeping_s)
        with self._serving:  # the loop has been woken; it must not wait on a socket that is gone
            self._wake.close()
            self._woken.close()

    def _accept(self, listener: Any) -> None:
        try:
            sock, address = listener.accept()
        except OSError:  # the client left again, or there is no descriptor for it now
            return
        if self._served >= self.host.settings.limits.max_connections:
            sock.close()
            return
        thread = threading.Thread(
            target=self._talk, args=(sock, str(address)), name="pyro-client", daemon=True
        )
        with self._lock:
            self._clients[sock] = thread
            self._served += 1
        thread.start()

    def _talk(self, sock: socket.socket, peer: str) -> None:
        engine = self.host.connection_made(peer, sock)
        try:
            self._converse(sock, engine)
        except OSError:  # the connection broke, or its time was up
            pass
        except Exception:
            # A bug of the engine's: it costs this client its connection, and nobody else theirs.
            logging.getLogger(__name__).exception("closing the connection of %s", peer)
        finally:
            with self._lock:
                self._served -= 1  # before anybody can see that it is closed
            engine.close()
            sock.close()
            with self._lock:
                self._clients.pop(sock, None)

    def _converse(self, sock: socket.socket, engine: Engine) -> None:
        timeouts = self.host.settings.timeouts
        handshake_by = time.monotonic() + timeouts.handshake_s
        while not engine.closing and not self._stopped.is_set():
            if engine.awaiting_handshake:
                sock.settimeout(max(handshake_by - time.monotonic(), 0.001))
            else:
                sock.settimeout(timeouts.message_s if engine.mid_message else timeouts.idle_s)
            data = sock.recv(_RECEIVE_BYTES)
            if not data:
                return
            works = engine.receive(data)
            sock.settimeout(timeouts.write_s)
            sock.sendall(engine.output())
            for work in works:
                sock.sendall(engine.run(work))


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        pass
