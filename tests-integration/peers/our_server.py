"""Our server of the interoperability tests. Prints its object's address, then serves.

Usage: python our_server.py SERVERTYPE. Ends when its standard input is closed.
"""

import sys
import threading

from pyro_core.context import current_call
from pyro_server import Daemon, expose, oneway
from thing import EXPOSED, ONEWAY, Thing

for name in EXPOSED:
    member = vars(Thing)[name]
    setattr(Thing, name, expose(oneway(member) if name == ONEWAY else member))

with Daemon(
    host="127.0.0.1",
    servertype=sys.argv[1],
    serializers=("serpent", "json", "marshal", "msgpack", "pickle"),
) as daemon:
    print(f"ready {daemon.register(Thing(current_call), 'thing')}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
    daemon.request_loop()
