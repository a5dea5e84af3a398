"""The same with threads: name server and daemon serve in the background, the main thread is the program's.

Usage: python server_threads.py
"""

import socket

from board import Board

from pyro_nameserver import start_ns
from pyro_server import Daemon


def main() -> None:
    """Show notes until one says ``stop``; everything else goes on by itself."""
    outlet, notes = socket.socketpair()
    with outlet, notes, start_ns(port=0, broadcast=False) as nameserver, Daemon() as daemon:
        daemon.publish("example.eventloop", Board(outlet), ns=nameserver.uri.location)
        daemon.start()
        print(f"name server: {nameserver.uri}", flush=True)
        print("both serve in the background", flush=True)
        with notes.makefile() as lines:
            for line in lines:
                print(f"note: {line.strip()}", flush=True)
                if line == "stop\n":
                    break
        print("enough", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted")
