"""Our name server and those who look for it, all in this process. Run it in a private network.

Usage: python broadcast_peers.py LISTEN_HOST STOCK_PYTHON.
Prints one JSON object: who asked -> the address they were told.
"""

import json
import socket
import subprocess
import sys

from network_namespace import BROADCAST

from pyro_client import locate_ns
from pyro_core.settings import ClientSettings
from pyro_nameserver import start_ns

STOCK_CLIENTS = {
    "Pyro4": "import Pyro4 as api; locate = api.locateNS",
    "Pyro5": "import Pyro5.api as api; locate = api.locate_ns",
}
LOCATE = """
import sys
api.config.NS_PORT, api.config.NS_BCPORT = 1, int(sys.argv[1])
with locate() as ns:
    ns.ping()
    print(ns._pyroUri)
"""

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
    for name, imports in STOCK_CLIENTS.items():
        client = [sys.argv[2], "-c", f"{imports}\n{LOCATE}", str(port)]
        told[name] = subprocess.run(client, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
print(json.dumps(told))
