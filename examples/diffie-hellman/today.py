"""What one does instead: TLS agrees on a key, shows who the server is, and seals and hides everything."""

import tempfile

from pyro_client import ClientSettings, CommunicationError, Proxy
from pyro_core.testing.certificates import Authority  # for tests and examples
from pyro_server import Daemon, Tokens, current_call, expose


@expose
class Shop:
    """Knows its clients by their tokens."""

    def order(self, what: str) -> str:
        """Take an order."""
        return f"here is your {what}, {current_call().principal.name}"


def main() -> None:
    """Order from the right shop, and from somebody who only looks like it."""
    with tempfile.TemporaryDirectory() as folder:
        trusted = Authority(folder, "trusted")
        impostor = Authority(folder, "impostor")
        settings = ClientSettings(tls=trusted.client(), token="anna-s-token")
        for authority in (trusted, impostor):
            with Daemon(tls=authority.server(), authenticate=[Tokens({"anna": "anna-s-token"})]) as daemon:
                uri = daemon.register(Shop())
                daemon.start()
                with Proxy(uri, settings=settings) as shop:
                    try:
                        print(shop.order("bread"))
                    except CommunicationError as refused:
                        print(f"not trusted, and told nothing: {refused}")


if __name__ == "__main__":
    main()
