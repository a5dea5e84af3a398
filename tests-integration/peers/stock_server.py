"""A server of a stock generation: python stock_server.py 4|5. Prints its object's address, then serves.

The environment may set PYRO_SERVERTYPE. Ends when its standard input is closed.
"""

import os
import sys
import threading

from thing import EXPOSED, ONEWAY, Thing


def exposed(api):
    """The class with one generation's marks."""
    for name in EXPOSED:
        member = vars(Thing)[name]
        if name == ONEWAY:
            member = api.oneway(member)
        setattr(Thing, name, api.expose(member))
    return Thing


def main(generation):
    if generation == "4":
        import Pyro4 as api

        api.config.SERIALIZERS_ACCEPTED = {"serpent", "json", "marshal", "msgpack", "pickle"}
    else:
        import Pyro5.api as api
    daemon = api.Daemon(host="127.0.0.1")
    if "SHARED_KEY" in os.environ:
        daemon._pyroHmacKey = os.environ["SHARED_KEY"].encode()
    uri = daemon.register(exposed(api)(lambda: api.current_context), "thing")
    print(f"ready {uri}", flush=True)
    threading.Thread(target=daemon.requestLoop, daemon=True).start()
    sys.stdin.read()


main(sys.argv[1])
