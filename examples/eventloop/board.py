"""The object that both servers offer: a notice board that hands notes to its program over a socket."""

import socket
import threading

from pyro_server import expose


@expose
class Board:
    """Takes notes.

    Args:
        outlet: Where notes go, as lines of text.
    """

    def __init__(self, outlet: socket.socket) -> None:
        self._outlet = outlet

    def note(self, text: str) -> str:
        """Put up a note; gives the name of the thread that does it."""
        self._outlet.sendall(f"{text}\n".encode())
        return (
            "the main thread" if threading.current_thread() is threading.main_thread() else "another thread"
        )
