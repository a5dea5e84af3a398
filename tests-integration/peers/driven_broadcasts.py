"""A name server and its broadcast responder in a loop of somebody else. Run it in a private network.

Usage: python driven_broadcasts.py combined|"by hand"|"responder alone".
Prints one JSON object: the name server's address, the one that a client found, and the threads that were
made for the purpose.
"""

import json
import sys
import threading
from contextlib import nullcontext

from foreign_loops import driven_by_hand
from network_namespace import ADDRESS, BROADCAST

from pyro_client import locate_ns
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_core.uri import URI
from pyro_nameserver import start_ns
from pyro_nameserver.broadcast import BroadcastResponder
from pyro_server import Daemon

way = sys.argv[1]
with (
    Daemon(ServerSettings(servertype="multiplex")) as daemon,
    start_ns(ADDRESS, 0, broadcast_port=0, driven=True) as nameserver,
):
    responder = nameserver.broadcast
    assert responder is not None
    if way == "combined":
        daemon.combine(nameserver)
    elif way == "responder alone":
        responder = BroadcastResponder(URI(str(nameserver.uri)), port=0)
        daemon.combine(responder)
        daemon.combine(nameserver)
    _, port = responder.address
    driven = driven_by_hand(nameserver) if way == "by hand" else nullcontext()
    if way != "by hand":
        daemon.start()
    settings = ClientSettings(ns_port=1, ns_broadcast_port=port, broadcast_addresses=(BROADCAST,))
    with driven, locate_ns(settings=settings) as names:
        names.ping()
        told = {"uri": str(nameserver.uri), "found": str(names._pyro.uri)}
        told["threads"] = [thread.name for thread in threading.enumerate() if "pyro-ns" in thread.name]
    responder.close()
print(json.dumps(told))
