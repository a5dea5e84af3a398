"""Names in etcd: any number of name servers share them, and they outlive all of these.

Usage: python story.py FOLDER
"""

import sys
from pathlib import Path

from own_etcd import running_etcd

from pyro_client import Proxy
from pyro_nameserver import start_ns

HOST = "127.0.0.1"
NAME = "shop.till"


def main(folder: str) -> None:
    """Run the story."""
    with running_etcd(Path(folder)) as etcd:
        storage = f"etcd:{etcd}/story"  # what follows the address is in front of all keys
        with (
            start_ns(HOST, 0, storage=storage) as first,
            start_ns(HOST, 0, storage=storage) as second,
            Proxy(first.uri) as here,
            Proxy(second.uri) as there,
            there.watch(0, "shop.") as changes,
        ):
            next(change for change in changes if change["kind"] == "current")  # told of all there is
            here.register(NAME, "PYRO:till@10.0.0.5:4444", metadata=["shop"])
            change = next(changes)
            print(f"registered at the first, told by the second: {change['kind']} {change['name']}")
            print(f"the second answers: {there.lookup(NAME)}")
        print("both name servers are gone")
        with start_ns(HOST, 0, storage=storage) as third, Proxy(third.uri) as phone_book:
            print(f"a third one knows {sorted(phone_book.list('shop.'))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
