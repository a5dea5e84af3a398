"""A daemon in a thread of this process, reached over a pair of connected sockets."""

import os
import socket
import threading

from counter import Counter

from pyro_client import Proxy
from pyro_server import Daemon


def main() -> None:
    """Call an object in another thread."""
    here, there = socket.socketpair()
    with here, there, Daemon(connected_socket=there) as daemon:
        daemon.register(Counter(), "counter")
        daemon.start()
        with Proxy("counter", connected_socket=here) as counter:  # the id is all the address there is
            print(f"total: {[counter.add(number) for number in range(1, 5)]}")
            process, thread = counter.where()
            print(f"the same process: {process == os.getpid()}")
            print(f"the same thread: {thread == threading.current_thread().name}")


if __name__ == "__main__":
    main()
