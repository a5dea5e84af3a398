"""Our server of the interoperability tests. Prints the address of one of its objects, then serves.

Usage: python our_server.py SERVERTYPE. Ends when its standard input is closed.
"""

import sys
import threading

from thing import EXPOSED, ONEWAY, Thing

from pyro_core.context import current_call
from pyro_server import Daemon, expose, oneway

for name in EXPOSED:
    member = vars(Thing)[name]
    setattr(Thing, name, expose(oneway(member) if name == ONEWAY else member))

with Daemon(
    host="127.0.0.1",
    servertype=sys.argv[1],
    serializers=("serpent", "json", "marshal", "msgpack", "pickle"),
) as daemon:
    for generation in ("4", "5"):  # clients of both may come at the same time: each gets an object of its own
        daemon.register(Thing(current_call), f"thing-{generation}")
    print(f"ready {daemon.uri_for('thing-4')}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
    daemon.request_loop()
