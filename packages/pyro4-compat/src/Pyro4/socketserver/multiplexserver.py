"""The server type that runs calls one after the other."""

from Pyro4.socketserver.faces import SocketServer_Multiplex

__all__ = ["SocketServer_Multiplex"]
