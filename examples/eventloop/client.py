"""Puts up notes; finds the board with the server's own name server.

Usage: python client.py URI NOTE...      URI is that of the name server
"""

import sys

from pyro_client import URI, Proxy

if __name__ == "__main__":
    place, notes = URI(sys.argv[1]).location, sys.argv[2:]
    for note in notes:
        with Proxy(f"PYRONAME:example.eventloop@{place}") as board:
            print(f"{note!r} was put up by {board.note(note)}")
