"""Asks whoever sits at the server's terminal, or is asked by the server at its own.

Usage: python client.py URI there|here
"""

import sys

from streams import FILE_METHODS, interview

from pyro_client import Proxy


def ask_there(uri: str) -> None:
    """This program asks, at the server's terminal."""
    with Proxy(uri) as console:
        their_input, their_output = console.streams()
        with their_input, their_output:
            print(f"at the server they answered {interview(their_input, their_output)}")


def be_asked_here(uri: str) -> None:
    """The server asks, at this terminal; its calls come over the connection that was made from here."""
    with Proxy(uri) as console:
        offer = console._pyro.offer
        given = console.interview(offer(sys.stdin, FILE_METHODS), offer(sys.stdout, FILE_METHODS))
        print(f"the server now knows {given}")


if __name__ == "__main__":
    {"there": ask_there, "here": be_asked_here}[sys.argv[2]](sys.argv[1])
