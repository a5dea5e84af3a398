"""Ours, with the serializer named by PYRO_SERIALIZER, and everything else as a plain install has it."""

import collections
import sys
from contextlib import AbstractContextManager
from typing import Any

import workloads


def serve() -> None:
    """Serve until the driver ends this process."""
    from pyro_server import Daemon, expose, oneway

    workloads.Service.note = oneway(workloads.Service.note)  # type: ignore[method-assign]
    unix = sys.argv[2] if len(sys.argv) > 2 else None
    with Daemon(unixsocket=unix) as daemon:
        workloads.ready(daemon.register(expose(workloads.Service)(), "service"))
        daemon.request_loop()


class Client(workloads.Client):
    """A blocking proxy.

    Args:
        uri: Of the service.
    """

    def __init__(self, uri: str) -> None:
        from pyro_client import Proxy

        super().__init__(Proxy(uri))
        self._uri = uri

    def connect(self) -> AbstractContextManager[Any]:
        """Another proxy."""
        from pyro_client import Proxy

        return Proxy(self._uri)

    def batch(self, count: int) -> int:
        """One batch."""
        from pyro_client import batch

        calls = batch(self.service)
        for _ in range(count):
            calls.add(2, 3)
        return sum(calls())

    def notes(self, count: int) -> None:
        """One-way calls."""
        for _ in range(count):
            self.service.note()

    def in_flight(self, count: int) -> None:
        """Futures of calls on one connection."""
        submit = self.service._pyro.submit
        under_way = collections.deque(submit("add", 2, 3) for _ in range(workloads.IN_FLIGHT))
        for _ in range(count - workloads.IN_FLIGHT):
            under_way.popleft().result()
            under_way.append(submit("add", 2, 3))
        for future in under_way:
            workloads.expect(future.result(), 5)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
