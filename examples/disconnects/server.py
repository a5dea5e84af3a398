"""Hangs up on clients that say nothing, and tidies up after those that leave.

Usage: python server.py
"""

from dataclasses import replace
from typing import Any

from pyro_core import ServerSettings
from pyro_server import Daemon, behavior, expose, serve

IDLE_S = 1.1
"""How long a client may be silent, in seconds; minutes or hours in real life."""
LOOK_S = 0.1
"""How often the daemon looks for silent clients, in seconds."""


@expose
@behavior(instance_mode="session")  # made for each connection, and gone with it
class Session:
    """What the server knows about one client."""

    def __init__(self) -> None:
        self._calls = 0

    def work(self) -> int:
        """Do something; gives how often this client did it."""
        self._calls += 1
        return self._calls


class TidyDaemon(Daemon):
    """Says who leaves."""

    def client_disconnect(self, connection: Any) -> None:
        """A client has left, or was hung up on."""
        print("a client is gone", flush=True)


if __name__ == "__main__":
    settings = ServerSettings.from_environ()
    patience = replace(settings.timeouts, idle_s=IDLE_S, housekeeping_s=LOOK_S)
    with TidyDaemon(replace(settings, timeouts=patience)) as daemon:
        serve({Session: None}, daemon=daemon)
