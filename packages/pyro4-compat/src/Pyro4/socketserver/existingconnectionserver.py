"""The server type for a socket that is connected already."""

from Pyro4.socketserver.faces import SocketServer_ExistingConnection

__all__ = ["SocketServer_ExistingConnection"]
