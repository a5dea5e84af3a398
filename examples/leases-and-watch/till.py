"""A till that publishes itself under a lease: its name lives as long as this process.

Usage: python till.py
"""

import os
import signal

from pyro_server import expose, oneway, serve

NAME = "shop.till"
LEASE_S = 2.0
"""The shortest there is; 20 s is usual. The name vanishes so long after the last renewal."""


@expose
class Till:
    """Adds up."""

    def total(self) -> int:
        """What is in it."""
        return 42

    @oneway
    def crash(self) -> None:
        """End this process as a power cut would: nothing is cleaned up."""
        print("the till is killed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve({Till(): NAME}, ttl=LEASE_S)
