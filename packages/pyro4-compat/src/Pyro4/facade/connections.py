"""Connections of the packages below, as programs for Pyro4 see them."""

from typing import Any


def view(connection: Any) -> Any:
    """A ``SocketConnection`` for a native connection; the same one each time.

    Args:
        connection: A client's or a server's connection.
    """
    from Pyro4.socketutil import SocketConnection

    found = getattr(connection, "_classic_view", None)
    if found is None:
        found = SocketConnection.view(connection)
        try:
            connection._classic_view = found
        except AttributeError:  # it takes no attributes
            return found
    return found
