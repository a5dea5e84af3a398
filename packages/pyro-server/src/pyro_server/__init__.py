"""The server of Python Remote Objects: offer objects to other processes and machines.

::

    from pyro_server import Daemon, expose

    @expose
    class Greeter:
        def greet(self, name: str) -> str:
            return f"Hello, {name}!"

    with Daemon() as daemon:
        print(daemon.register(Greeter))
        daemon.request_loop()

What is not needed for decorating classes is imported when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from pyro_core.expose import behavior, callback, expose, idempotent, oneway
from pyro_server.serve import serve

if TYPE_CHECKING:
    from pyro_core.context import current_call
    from pyro_core.identity import Principal
    from pyro_server.async_daemon import AsyncDaemon
    from pyro_server.authenticators import Anonymous, ClientCertificates, HandshakeHook, UnixPeers
    from pyro_server.daemon import Daemon
    from pyro_server.permissions import AllowMethods
    from pyro_server.tokens import Tokens

__all__ = [
    "AllowMethods",
    "Anonymous",
    "AsyncDaemon",
    "ClientCertificates",
    "Daemon",
    "HandshakeHook",
    "Principal",
    "Tokens",
    "UnixPeers",
    "behavior",
    "callback",
    "current_call",
    "expose",
    "idempotent",
    "oneway",
    "serve",
]

_ELSEWHERE = {
    "AllowMethods": "pyro_server.permissions",
    "Anonymous": "pyro_server.authenticators",
    "AsyncDaemon": "pyro_server.async_daemon",
    "ClientCertificates": "pyro_server.authenticators",
    "Daemon": "pyro_server.daemon",
    "HandshakeHook": "pyro_server.authenticators",
    "Principal": "pyro_core.identity",
    "Tokens": "pyro_server.tokens",
    "UnixPeers": "pyro_server.authenticators",
    "current_call": "pyro_core.context",
}


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_ELSEWHERE[name]), name)
