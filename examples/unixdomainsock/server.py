"""Serves over a Unix socket instead of a TCP port.

Usage: python server.py PATH
"""

import os
import sys

from pyro_server import Daemon, expose, serve


@expose
class Telegraph:
    """Takes messages of this machine only."""

    def send(self, text: str) -> str:
        """Take a message; gives the answer."""
        print(f"received: {text}", flush=True)
        return f"process {os.getpid()} says: roger"


if __name__ == "__main__":
    with Daemon(unixsocket=sys.argv[1]) as daemon:
        serve({Telegraph: "telegraph"}, daemon=daemon, use_ns=False)
