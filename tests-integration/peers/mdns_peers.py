"""A name server that announces itself by multicast DNS, and what finds it: python mdns_peers.py ADDRESS.

Runs in a private network. Prints who found which address.
"""

import json
import sys
import time

from pyro_client import locate_ns, mdns
from pyro_core.errors import NameServerNotFound
from pyro_core.settings import ClientSettings, NameServerSettings
from pyro_nameserver import start_ns


def settings(**more: object) -> ClientSettings:
    """Nobody is where this client looks first."""
    return ClientSettings(ns_host="192.0.2.77", ns_port=9, mdns=True, **more)  # type: ignore[arg-type]


def found(**more: object) -> str:
    """The address of the name server that a client finds."""
    with locate_ns(settings=settings(**more)) as ns:
        return str(ns.lookup("Pyro.NameServer"))


def main(host: str) -> None:
    """Print it."""
    told: dict[str, object] = {}
    server = NameServerSettings(host=host, port=0, broadcast=False, mdns=True)
    with start_ns(settings=server) as nameserver:
        told["server"] = str(nameserver.uri)
        told["mdns"] = mdns.ask(5.0)
        told["known"] = mdns.ask(0.3, known=[str(nameserver.uri)])
        began_at = time.monotonic()
        told["client"] = found(broadcast_addresses=())
        told["beside"] = found()
        told["seconds"] = time.monotonic() - began_at
    try:
        found()
    except NameServerNotFound as problem:
        told["tried"] = [who for who, _ in problem.tried]
    print(json.dumps(told))


main(sys.argv[1])
