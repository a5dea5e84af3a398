"""Uses one proxy again in the callback of a call that was made with it.

Usage: python client.py
"""

from typing import Any

from pyro_client import Proxy
from pyro_server import Daemon, expose

TIMES = 3
PATIENCE_S = 10.0
"""If calls did lock each other up, this would end them, in seconds."""


class Catcher:
    """Calls the server again, with the very proxy that waits for the server.

    Args:
        bouncer: The proxy.
    """

    def __init__(self, bouncer: Proxy) -> None:
        self._bouncer = bouncer
        self.reference: Any = None

    @expose
    def catch(self, times: int) -> list[str]:
        """Throw it back, one time less."""
        return [f"client {times}", *self._bouncer.throw(self.reference, times - 1)]


if __name__ == "__main__":
    with Daemon() as daemon, Proxy("PYRONAME:example.deadlock") as proxy:
        proxy._pyro.timeout_s = PATIENCE_S
        catcher = Catcher(proxy)

        with Proxy(daemon.register(catcher)) as catcher.reference:
            daemon.start()
            print(f"over a daemon: {', '.join(proxy.throw(catcher.reference, TIMES))}")

        catcher.reference = proxy._pyro.offer(catcher)
        print(f"over one connection: {', '.join(proxy.throw(catcher.reference, TIMES))}")
