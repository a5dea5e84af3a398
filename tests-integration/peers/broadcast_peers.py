"""Our name server and those who look for it, all in this process. Run it in a private network.

Usage: python broadcast_peers.py LISTEN_HOST. Prints one JSON object: who asked -> the address they were told.
"""

import json
import socket
import sys

from network_namespace import BROADCAST

from pyro_client import locate_ns
from pyro_core.settings import ClientSettings
from pyro_nameserver import start_ns

with start_ns(sys.argv[1], 0, broadcast_port=0) as nameserver:
    assert nameserver.broadcast is not None
    _, port = nameserver.broadcast.address
    told = {"server": f"PYRO:Pyro.NameServer@{sys.argv[1]}:{nameserver.uri.port}"}
    for name, address in (
        ("broadcast", BROADCAST),
        ("everywhere", "255.255.255.255"),
        ("loopback", "127.0.0.1"),
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            asker.settimeout(10)
            asker.sendto(b"GET_NSURI", (address, port))
            told[name] = asker.recv(200).decode("iso-8859-1")
    settings = ClientSettings(ns_port=1, ns_broadcast_port=port, broadcast_addresses=(BROADCAST,))
    with locate_ns(settings=settings) as ns:
        ns.ping()
        told["client"] = str(ns._pyro.uri)
print(json.dumps(told))
