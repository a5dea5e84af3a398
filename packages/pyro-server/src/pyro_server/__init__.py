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

from typing import TYPE_CHECKING, Any

from pyro_core.expose import behavior, callback, expose, oneway
from pyro_server.serve import serve

if TYPE_CHECKING:
    from pyro_core.context import current_call
    from pyro_server.async_daemon import AsyncDaemon
    from pyro_server.daemon import Daemon

__all__ = ["AsyncDaemon", "Daemon", "behavior", "callback", "current_call", "expose", "oneway", "serve"]


def __getattr__(name: str) -> Any:
    if name == "Daemon":
        from pyro_server.daemon import Daemon

        return Daemon
    if name == "AsyncDaemon":
        from pyro_server.async_daemon import AsyncDaemon

        return AsyncDaemon
    if name == "current_call":
        from pyro_core.context import current_call

        return current_call
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
