"""The server types, by their old module names."""

from typing import Any


def face_of(daemon: Any) -> Any:
    """What programs see of a daemon's transport."""
    from Pyro4.socketserver.faces import face

    return face(daemon)
