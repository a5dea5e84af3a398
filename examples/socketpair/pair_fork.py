"""A daemon in a forked child process, reached over a pair of connected sockets. Not for Windows."""

import os
import socket
import sys

from counter import Counter

from pyro_client import Proxy
from pyro_server import Daemon


def serve(there: socket.socket) -> None:
    """What the child does: serve this one connection, until its other end is closed."""
    with Daemon(connected_socket=there) as daemon:
        daemon.register(Counter(), "counter")
        daemon.request_loop()
    print("child: the other end is closed, so I end", flush=True)


def call(here: socket.socket, child: int) -> None:
    """What the parent does."""
    with Proxy("counter", connected_socket=here) as counter:
        print(f"total: {[counter.add(number) for number in range(1, 5)]}")
        process, _ = counter.where()
        print(f"the same process: {process == os.getpid()}")
        print(f"the child: {process == child}", flush=True)


def main() -> int:
    """Call an object in a child; gives its exit status."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()  # or it would never see the end: its own copy keeps the connection open
        with there:
            serve(there)
        return 0
    there.close()
    with here:
        call(here, child)
    _, status = os.waitpid(child, 0)
    print(f"parent: the child ended with {status}")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
