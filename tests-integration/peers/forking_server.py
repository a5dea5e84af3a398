"""A daemon of several processes.

Arguments: how many, and perhaps the path of a Unix socket. Prints ``ready URI``, ``begun`` for each
``work``, and ``over`` at the end.
"""

import os
import sys
from pathlib import Path

from pyro_core.context import current_call
from pyro_core.settings import ServerSettings
from pyro_server import Daemon, expose


@expose
class Worker:
    """What all processes have a copy of."""

    def __init__(self) -> None:
        self._calls = 0

    def pid(self) -> int:
        """The process that serves this call."""
        return os.getpid()

    def count(self) -> int:
        """How many such calls this copy has served."""
        self._calls += 1
        return self._calls

    def work(self, fifo: str) -> str:
        """Takes until something is written to a FIFO."""
        print("begun", flush=True)
        return Path(fifo).read_text()

    def stop(self) -> None:
        """Shut the daemon down."""
        current_call().daemon.shutdown()

    def publish(self) -> None:
        """Try to publish a name."""
        current_call().daemon.publish("some.name", self)


unix = sys.argv[2] if len(sys.argv) > 2 else None
settings = ServerSettings(servertype="prefork", processes=int(sys.argv[1]), unixsocket=unix)
with Daemon(settings) as daemon:
    print("ready", daemon.register(Worker(), "worker"), flush=True)
    daemon.request_loop()
print("over", flush=True)
