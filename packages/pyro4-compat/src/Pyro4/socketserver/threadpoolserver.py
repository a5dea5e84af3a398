"""The server type that runs calls in threads."""

from Pyro4.socketserver.faces import SocketServer_Threadpool

__all__ = ["SocketServer_Threadpool"]
