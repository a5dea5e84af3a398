"""A program for Pyro4, run with stock Pyro4 or with ours; the serializer is named by PYRO_SERIALIZER."""

import os
import sys
from contextlib import AbstractContextManager
from typing import Any

import workloads

import Pyro4


def serve() -> None:
    """Serve until the driver ends this process."""
    Pyro4.config.SERIALIZERS_ACCEPTED = {os.environ["PYRO_SERIALIZER"]}
    Pyro4.config.THREADPOOL_SIZE = 2000

    workloads.Service.note = Pyro4.oneway(workloads.Service.note)  # type: ignore[method-assign]
    with Pyro4.Daemon() as daemon:
        workloads.ready(daemon.register(Pyro4.expose(workloads.Service)(), "service"))
        daemon.requestLoop()


class Client(workloads.Client):
    """A proxy.

    Args:
        uri: Of the service.
    """

    def __init__(self, uri: str) -> None:
        super().__init__(Pyro4.Proxy(uri))
        self._uri = uri

    def connect(self) -> AbstractContextManager[Any]:
        """Another proxy."""
        proxy: AbstractContextManager[Any] = Pyro4.Proxy(self._uri)
        return proxy

    def batch(self, count: int) -> int:
        """One batch."""
        calls = Pyro4.batch(self.service)
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
