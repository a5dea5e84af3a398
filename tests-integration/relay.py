"""A relay between a client and a server that cuts connections when it is told to."""

import socket
import threading
from contextlib import suppress
from typing import Self


class CuttingRelay:
    """Passes bytes on between clients and one server.

    Attributes:
        port: Where clients connect, on the loopback interface.
        accepted: How many of them did.
    """

    def __init__(self, port: int) -> None:
        self.accepted = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._keeps_answers = False
        self._swallowed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End all connections as they are now."""
        sockets, self._sockets = self._sockets, []
        for sock in sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def swallow_answers(self) -> None:
        """Pass no answers on any more, until the next connection comes."""
        self._swallowed.clear()
        self._keeps_answers = True

    def wait_until_swallowed(self, patience_s: float) -> bool:
        """Wait until there was an answer that was not passed on."""
        return self._swallowed.wait(patience_s)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                self._keeps_answers = False
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if answers and self._keeps_answers:
                    self._swallowed.set()
                else:
                    target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        source.close()
