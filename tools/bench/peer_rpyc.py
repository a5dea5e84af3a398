"""RPyC, which passes references to whatever it does not copy."""

import collections
import sys
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import rpyc
import workloads
from rpyc.utils.server import ThreadedServer

CONFIG = {"allow_public_attrs": True, "allow_pickle": True}


class Service(rpyc.Service, workloads.Service):  # type: ignore[misc]  # rpyc has no types
    """The remote object; containers are fetched as copies."""

    def __init__(self) -> None:
        workloads.Service.__init__(self)

    def echo(self, value: Any) -> Any:
        """A copy of the value back."""
        return rpyc.classic.obtain(value)


def serve() -> None:
    """Serve until the driver ends this process."""
    server = ThreadedServer(Service(), hostname="127.0.0.1", port=0, protocol_config=CONFIG, backlog=1000)
    workloads.ready(f"127.0.0.1:{server.port}")
    server.start()


class Client(workloads.Client):
    """A connection.

    Args:
        address: Host and port.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._connection = self._connected()
        super().__init__(Remote(self._connection.root))

    def connect(self) -> AbstractContextManager[Any]:
        """Another connection."""
        return self._opened()

    def notes(self, count: int) -> None:
        """Calls whose answers are dropped."""
        note = rpyc.async_(self._connection.root.note)
        for result in [note() for _ in range(count)]:
            result.wait()

    def in_flight(self, count: int) -> None:
        """Asynchronous calls."""
        add = rpyc.async_(self._connection.root.add)
        under_way = collections.deque(add(2, 3) for _ in range(workloads.IN_FLIGHT))
        for _ in range(count - workloads.IN_FLIGHT):
            under_way.popleft().wait()
            under_way.append(add(2, 3))
        for result in under_way:
            workloads.expect(result.value, 5)

    @contextmanager
    def _opened(self) -> Any:
        connection = self._connected()
        try:
            yield connection.root
        finally:
            connection.close()

    def _connected(self) -> Any:
        return rpyc.connect(*self._address, config=CONFIG)


class Remote:
    """The remote object, whose containers arrive as copies.

    Args:
        root: RPyC's stand-in for it.
    """

    def __init__(self, root: Any) -> None:
        self._root = root

    def __getattr__(self, name: str) -> Any:
        return getattr(self._root, name)

    def echo(self, value: Any) -> Any:
        """A copy back."""
        return rpyc.classic.obtain(self._root.echo(value))


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        workloads.obey(Client(sys.argv[2]))
