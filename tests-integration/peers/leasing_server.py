"""Registers under a lease and keeps renewing it: python leasing_server.py NAMESERVER-URI NAME TTL.

Prints ``ready`` when it has registered, and ``renewed`` each time it has renewed; ends when it is killed.
"""

import sys
from threading import Event

from pyro_client import Proxy

uri, name, ttl = sys.argv[1], sys.argv[2], float(sys.argv[3])
with Proxy(uri) as ns:
    owner = ns.register(name, "PYRO:obj@127.0.0.1:4444", ttl=ttl)
    print("ready", flush=True)
    while True:
        Event().wait(ttl / 4)
        assert ns.renew(name, owner) == []
        print("renewed", flush=True)
