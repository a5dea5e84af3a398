"""Says nothing for too long; goes on all the same.

Usage: python client.py [URI]    press Enter when the server says that the client is gone
"""

import sys
import threading

from pyro_client import Proxy

PINGS = 4
PAUSE_S = 0.3
"""Between two signs of life, in seconds; less than the server's patience."""


def fall_silent(session: Proxy) -> None:
    """The server hangs up; the next call makes a new connection, and a new session."""
    print(f"call {session.work()} of this session")
    print(f"call {session.work()} of this session")
    input("silent; press Enter to go on")
    print(f"\nafter the silence: call {session.work()} of this session")


def stay(session: Proxy) -> None:
    """Signs of life keep a connection, and with it the session."""
    pause = threading.Event()
    for _ in range(PINGS):
        pause.wait(PAUSE_S)
        session._pyro.ping()
    print(f"after {PINGS} signs of life: call {session.work()} of this session")


if __name__ == "__main__":
    with Proxy(sys.argv[1] if len(sys.argv) > 1 else input("address of the server: ")) as proxy:
        fall_silent(proxy)
        stay(proxy)
