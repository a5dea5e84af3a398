"""The servers of the behaviours, one for each server type and transport; started when first asked for."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import processes
import subject
from stock_env import stock_python

import pyro_server
from pyro_client import Proxy
from pyro_core.context import current_call
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_server import Daemon

SERIALIZERS = ("serpent", "json", "marshal", "msgpack")
OURS = ("threaded", "multiplex", "asyncio")
STOCK = ("pyro4", "pyro5")
TRANSPORTS = ("tcp", "unix", "tls")
ELSEWHERE = ("threaded", "tcp")
"""The server that the subjects of the others call."""


class _Daemon(Daemon):
    def validate_handshake(self, connection: Any, data: Any) -> Any:
        return subject.refuse_the_unwelcome(data)


class Servers:
    """Starts servers, and ends them all with ``close``.

    Args:
        folder: For Unix sockets and certificates.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._uris: dict[tuple[str, str], str] = {}
        self._authority: Any = None

    def uri(self, server: str, transport: str) -> str:
        """Address of the subject of a server."""
        key = (server, transport)
        if key not in self._uris:
            self._uris[key] = self._start_stock(server) if server in STOCK else self._start(*key)
        return self._uris[key]

    def client_settings(self, transport: str, serializer: str) -> ClientSettings:
        """How to connect to the servers of a transport."""
        settings = ClientSettings(serializer=serializer)
        return replace(settings, tls=self.authority.client()) if transport == "tls" else settings

    @property
    def authority(self) -> Any:
        """Signs the certificates of the servers."""
        if self._authority is None:
            from pyro_core.testing.certificates import Authority

            folder = self._folder / "certificates"
            folder.mkdir()
            self._authority = Authority(folder)
        return self._authority

    def close(self) -> None:
        """End all servers."""
        self._stack.close()

    def _start(self, servertype: str, transport: str) -> str:
        settings = ServerSettings(host="127.0.0.1", servertype=servertype, serializers=SERIALIZERS)
        if transport == "unix":
            settings = replace(settings, unixsocket=str(self._folder / servertype))
        elif transport == "tls":
            settings = replace(settings, tls=self.authority.server())
        daemon = self._stack.enter_context(_Daemon(settings))
        uri = subject.publish(pyro_server, daemon, current_call, Proxy)
        daemon.start()
        return str(uri)

    def _start_stock(self, server: str) -> str:
        peer = processes.server("stock_subject.py", server[-1], python=stock_python())
        return self._stack.enter_context(peer)
