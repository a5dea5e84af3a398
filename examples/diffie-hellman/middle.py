"""Stands between client and server, agrees on a key with both, and changes what goes through.

Usage: python middle.py URI
"""

import sys

from key_exchange import KeyExchange, seal

from pyro_client import Proxy
from pyro_server import behavior, expose, serve


@expose
@behavior(instance_mode="session", instance_creator=lambda cls: cls(sys.argv[1]))
class Middle:
    """Looks like a shop."""

    def __init__(self, uri: str) -> None:
        self._shop = Proxy(uri)
        self._client_key = self._server_key = b""

    def agree(self, public: str) -> str:
        """One key with the client, and another one with the server."""
        towards_client, towards_server = KeyExchange(), KeyExchange()
        self._client_key = towards_client.key(public)
        self._server_key = towards_server.key(self._shop.agree(towards_server.public))
        return towards_client.public

    def order(self, what: str, sealed: str) -> str:
        """The client's seal is good, and so will be ours."""
        print(f"intact seal: {seal(self._client_key, what) == sealed}; {what} becomes a brick", flush=True)
        return self._shop.order("brick", seal(self._server_key, "brick"))


if __name__ == "__main__":
    serve({Middle: "shop"}, use_ns=False)
