"""A server whose call ends only after the server was asked to stop and has closed an idle connection.

With an argument not even then.
"""

import sys
import threading
from typing import Any

from pyro_server import Daemon, expose

PATIENCE_S = 20.0


class Stoppable(Daemon):
    """Tells when it was asked to stop."""

    def shutdown(self) -> None:
        if len(sys.argv) > 1:
            print("asked", flush=True)
        else:
            asked.set()
        super().shutdown()

    def client_disconnect(self, connection: Any) -> None:
        closed.set()


@expose
class Slow:
    def work(self) -> str:
        begun.set()
        assert asked.wait(PATIENCE_S)
        assert closed.wait(PATIENCE_S)
        return "done"

    def wait_until_begun(self) -> None:
        assert begun.wait(PATIENCE_S)


begun = threading.Event()
asked = threading.Event()
closed = threading.Event()

if __name__ == "__main__":
    with Stoppable() as daemon:
        print("ready", daemon.register(Slow()), flush=True)
        daemon.request_loop()
