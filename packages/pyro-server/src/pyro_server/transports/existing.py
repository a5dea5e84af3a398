"""Serving one connection that is there already, such as one end of a socket pair."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from pyro_core.errors import PyroError
from pyro_core.settings import Timeouts
from pyro_server.transports.connection import Connection
from pyro_server.transports.threaded import ThreadedTransport


class ExistingConnectionTransport(ThreadedTransport):
    """Serves the socket it was given until that is closed; accepts nothing.

    Where the program itself made the connection, the other side may take its time for the handshake.
    """

    name: ClassVar[str] = "existing"

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        super().serve(lambda: bool(self.connections) and running())

    def _timeouts(self) -> Timeouts:
        return replace(super()._timeouts(), handshake_s=math.inf)

    def add_listener(self, listener: object) -> None:
        raise PyroError("a daemon for a connected socket does not listen; make another daemon")

    def _open(self) -> None:
        for sock in self.listeners:
            try:
                address = sock.getpeername()
            except OSError:
                address = ""  # the other side is gone already, as reading will show
            self._adopt(sock, address)
        self.listeners.clear()  # what it was given is a connection now, and closed as one

    def _drop(self, connection: Connection) -> None:
        super()._drop(connection)
        self._nudge()
