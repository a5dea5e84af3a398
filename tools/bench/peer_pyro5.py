"""Stock Pyro5, with the serializer named by PYRO_SERIALIZER."""

import sys
from contextlib import AbstractContextManager
from typing import Any

import Pyro5.api
import workloads


def serve() -> None:
    """Serve until the driver ends this process."""
    Pyro5.config.THREADPOOL_SIZE = 2000

    workloads.Service.note = Pyro5.api.oneway(workloads.Service.note)  # type: ignore[method-assign]
    with Pyro5.api.Daemon() as daemon:
        workloads.ready(daemon.register(Pyro5.api.expose(workloads.Service)(), "service"))
        daemon.requestLoop()


class Client(workloads.Client):
    """A proxy.

    Args:
        uri: Of the service.
    """

    def __init__(self, uri: str) -> None:
        super().__init__(Pyro5.api.Proxy(uri))
        self._uri = uri

    def connect(self) -> AbstractContextManager[Any]:
        """Another proxy."""
        proxy: AbstractContextManager[Any] = Pyro5.api.Proxy(self._uri)
        return proxy

    def claim(self, service: Any) -> None:
        """Proxies belong to one thread."""
        service._pyroClaimOwnership()

    def batch(self, count: int) -> int:
        """One batch."""
        calls = Pyro5.api.BatchProxy(self.service)
        for _ in range(count):
            calls.add(2, 3)
        return sum(calls())

    def notes(self, count: int) -> None:
        """One-way calls."""
        for _ in range(count):
            self.service.note()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
