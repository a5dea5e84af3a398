"""Ours, with the serializer named by PYRO_SERIALIZER, and everything else as a plain install has it.

Words that change that: ``no limits``, ``deadline``, ``tls`` (with the certificates in the working folder),
and the path of a Unix socket.
"""

import collections
import sys
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from typing import Any

import workloads

NO_LIMIT = 1 << 62
WORDS = sys.argv[2:]


def limits(settings: Any) -> Any:
    """Settings, without limits if the words say so."""
    if "no limits" not in WORDS:
        return settings
    most = {field.name: NO_LIMIT for field in fields(settings.limits)}
    return replace(settings, limits=replace(settings.limits, **most))


def serve() -> None:
    """Serve until the driver ends this process."""
    from pyro_core.settings import TLS, ServerSettings
    from pyro_server import Daemon, expose, oneway

    workloads.Service.note = oneway(workloads.Service.note)  # type: ignore[method-assign]
    unix = next((word for word in WORDS if word.startswith("/")), None)
    tls = TLS(certfile="server.pem", keyfile="server.key") if encrypted() else None
    with Daemon(limits(ServerSettings.from_environ()), unixsocket=unix, tls=tls) as daemon:
        workloads.ready(daemon.register(expose(workloads.Service)(), "service"))
        daemon.request_loop()


def encrypted() -> bool:
    """Whether the words say so."""
    return any("tls" in word for word in WORDS)


class Client(workloads.Client):
    """A blocking proxy.

    Args:
        uri: Of the service.
    """

    def __init__(self, uri: str) -> None:
        from pyro_client import ClientSettings
        from pyro_core.settings import TLS

        settings = limits(ClientSettings.from_environ())
        if encrypted():
            settings = replace(settings, tls=TLS(cafile="authority.pem"))
        if any("deadline" in word for word in WORDS):
            settings = replace(settings, timeouts=replace(settings.timeouts, call_s=60.0))
        self._uri = uri
        self._settings = settings
        super().__init__(self.connect())

    def connect(self) -> AbstractContextManager[Any]:
        """Another proxy."""
        from pyro_client import Proxy

        return Proxy(self._uri, settings=self._settings)

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
