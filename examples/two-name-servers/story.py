"""Two name servers with the same names: one goes away, and nobody notices; both go, and the error says so.

Usage: python story.py FOLDER-FOR-THE-NAMES
"""

import sys
from pathlib import Path

from pyro_client import ClientSettings, NameServerNotFound, Proxy, locate_ns
from pyro_nameserver import NameServer, start_ns
from pyro_server import Daemon, expose

HOST = "127.0.0.1"
NAME = "shop.bakery"


@expose
class Bakery:
    """Bakes."""

    def bake(self, thing: str) -> str:
        """One of something."""
        return f"a fresh {thing}"


def buy(name_servers: str, thing: str) -> str:
    """Find the bakery, by whichever name server answers, and buy something."""
    settings = ClientSettings(ns_host=name_servers, broadcast_addresses=())  # ask these, and nobody else
    with Proxy(f"PYRONAME:{NAME}", settings=settings) as bakery:
        return bakery.bake(thing)


def show(title: str, name_server: NameServer) -> None:
    """What one name server knows."""
    with Proxy(name_server.uri) as phone_book:
        print(f"{title} knows {sorted(phone_book.list('shop.'))}")


def main(folder: str) -> None:
    """Run the story."""
    storage = f"sqlite:{Path(folder) / 'names.sqlite'}"  # or etcd, or PostgreSQL, on several machines
    first, second = (start_ns(HOST, 0, storage=storage) for _ in range(2))
    both = f"{HOST}:{first.uri.port},{HOST}:{second.uri.port}"  # what everybody's PYRO_NS_HOST says
    with first, second, Daemon() as daemon:
        daemon.publish(NAME, Bakery(), ns=both)
        daemon.start()
        show("the first", first)
        show("the second", second)
        print(f"bought {buy(both, 'bun')}")

        first.close()
        print(f"the first name server is gone; bought {buy(both, 'loaf')}")
        with locate_ns(both) as phone_book:
            phone_book.register("shop.florist", "PYRO:florist@10.0.0.7:4444")
        show("the second", second)
        daemon.unpublish(NAME)  # at the one that is left

        second.close()
        try:
            locate_ns(both)
        except NameServerNotFound as problem:
            print("both are gone:")
            for number, (_address, reason) in enumerate(problem.tried, 1):
                print(f"  {number}: {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])
