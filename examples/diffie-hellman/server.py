"""Agrees with each client on a key, and takes orders only with the seal of that key."""

import hmac

from key_exchange import KeyExchange, fingerprint, seal

from pyro_server import behavior, expose, serve


@expose
@behavior(instance_mode="session")
class Shop:
    """One for each connection, and so is the key."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    def agree(self, public: str) -> str:
        """Make a key with a client; gives what it needs to know."""
        exchange = KeyExchange()
        self._key = exchange.key(public)
        print(f"agreed on the key {fingerprint(self._key)}", flush=True)
        return exchange.public

    def order(self, what: str, sealed: str) -> str:
        """Take an order.

        Raises:
            PermissionError: If its seal is not one of the key.
        """
        if self._key is None or not hmac.compare_digest(seal(self._key, what), sealed):
            raise PermissionError(f"the seal of {what!r} is broken")
        return f"here is your {what}"


if __name__ == "__main__":
    serve({Shop: "shop"}, use_ns=False)
