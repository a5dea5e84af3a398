"""A transport that serves toy engines, for the conformance suite and for tests beside it."""

import abc
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from pyro_core.net import sockets
from pyro_core.settings import Limits, ServerSettings, Timeouts
from pyro_core.testing.toy_dialogue import PATIENCE_S, ToyClient, ToyHost
from pyro_core.transport import Transport


class Served:
    """A transport that serves, and everything around it.

    Args:
        transport_class: Its class.
        settings: Its settings.
        accepts: False for a transport that is given one connected socket.

    Attributes:
        host: What its engines do.
        transport: The transport.
        address: Where it listens, if it does.
    """

    def __init__(self, transport_class: type[Transport], settings: ServerSettings, *, accepts: bool) -> None:
        self.host = ToyHost(settings)
        self.address: Any = None
        self._far_end: socket.socket | None = None
        self._clients: list[ToyClient] = []
        if accepts:
            listeners = sockets.listen("127.0.0.1", 0)
            self.address = listeners[0].getsockname()
        else:
            near_end, self._far_end = socket.socketpair()
            listeners = [near_end]
        self.transport = transport_class(self.host, listeners)
        self._thread: threading.Thread | None = None

    def start(self, running: Callable[[], bool] = lambda: True) -> None:
        """Begin to serve in a thread."""
        self._thread = threading.Thread(
            target=self.transport.serve, args=(running,), name="serving", daemon=True
        )
        self._thread.start()

    def await_end(self) -> None:
        """Wait for ``serve`` to return."""
        assert self._thread is not None
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "serve() did not return"

    def connect(self, *, hello: bool = True) -> ToyClient:
        """A new client; the only one if the transport does not accept."""
        if self.address is not None:
            sock = socket.create_connection(self.address, PATIENCE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            assert self._far_end is not None, "this transport serves one connection only"
            sock, self._far_end = self._far_end, None
        client = ToyClient(sock, hello=hello)
        self._clients.append(client)
        return client

    def end(self) -> None:
        """Stop serving and close everything."""
        self.transport.shutdown()
        if self._thread is not None:
            self.await_end()
        self.transport.close()
        for client in self._clients:
            client.close()
        if self._far_end is not None:
            self._far_end.close()


class TransportTests(abc.ABC):
    """Where tests of one transport class get it from.

    Class attributes:
        accepts: False for a transport that serves one connected socket instead of listeners; it is spared
            the tests that need several clients.
        concurrent: True if the calls of different connections run at the same time.
    """

    accepts: ClassVar[bool] = True
    concurrent: ClassVar[bool] = True

    @abc.abstractmethod
    def transport_class(self) -> type[Transport]:
        """The class to test."""

    @contextlib.contextmanager
    def prepared(
        self, *, limits: Limits | None = None, threads: int = 8, **timeouts: float | None
    ) -> Iterator[Served]:
        """A transport that does not serve yet."""
        settings = ServerSettings(
            threads=threads,
            min_threads=0,
            limits=limits or Limits(),
            timeouts=Timeouts(**{"housekeeping_s": 0.05, **timeouts}),  # type: ignore[arg-type]
        )
        served = Served(self.transport_class(), settings, accepts=self.accepts)
        try:
            yield served
        finally:
            served.end()

    @contextlib.contextmanager
    def serving(
        self, *, limits: Limits | None = None, threads: int = 8, **timeouts: float | None
    ) -> Iterator[Served]:
        """A transport that serves."""
        with self.prepared(limits=limits, threads=threads, **timeouts) as served:
            served.start()
            yield served

    def need_several_clients(self) -> None:
        """Skip the test if the transport serves one client only."""
        if not self.accepts:
            pytest.skip("serves one connection only")
