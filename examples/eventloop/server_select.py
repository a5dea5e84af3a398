"""One loop for everything: a name server, a daemon, and a socket of one's own, in one thread.

Usage: python server_select.py              watches all their sockets itself
       python server_select.py --combined   has the daemon serve the name server, too
"""

import selectors
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace

from board import Board

from pyro_core import ServerSettings
from pyro_nameserver import NameServer, start_ns
from pyro_server import Daemon


def handle(guests: Sequence[Daemon | NameServer], notes: socket.socket) -> None:
    """Wait for whatever comes, and let those deal with it whom it concerns, until a note says so.

    Args:
        guests: Whose sockets are to be watched.
        notes: A socket of our own.
    """
    with selectors.DefaultSelector() as selector, notes.makefile() as lines:
        seen: list[str] = []

        def show_note(_: socket.socket) -> None:
            seen.append(lines.readline().strip())
            print(f"note: {seen[-1]}", flush=True)

        selector.register(notes, selectors.EVENT_READ, show_note)
        for guest in guests:
            for sock in guest.sockets:
                selector.register(
                    sock, selectors.EVENT_READ, lambda ready, guest=guest: guest.events([ready])
                )
        while "stop" not in seen:
            ready = selector.select(min(guest.patience_s for guest in guests))
            for key, _ in ready:
                key.data(key.fileobj)
            if not ready:  # nothing came, but it is time to look after what should have come
                for guest in guests:
                    guest.events([])


def main(combined: bool) -> None:
    """Put everything together, and serve it until a note says ``stop``."""
    settings = replace(ServerSettings.from_environ(), servertype="multiplex")
    outlet, notes = socket.socketpair()
    with (
        outlet,
        notes,
        start_ns(port=0, broadcast=False, server_settings=settings, driven=True) as nameserver,
        Daemon(settings) as daemon,
    ):
        nameserver.registry.register("example.eventloop", str(daemon.register(Board(outlet))))
        print(f"name server: {nameserver.uri}", flush=True)
        if combined:
            daemon.combine(nameserver)
            print("the daemon serves the name server, too", flush=True)
        print(f"sockets to watch: {len(daemon.sockets)} and {len(nameserver.sockets)}", flush=True)
        handle([daemon] if combined else [daemon, nameserver], notes)
        print("enough", flush=True)


if __name__ == "__main__":
    try:
        main("--combined" in sys.argv)
    except KeyboardInterrupt:
        print("interrupted")
