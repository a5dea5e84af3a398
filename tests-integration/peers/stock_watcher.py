"""A stock client that watches our name server, and prints what it saw: python stock_watcher.py 4|5 URI."""

import json
import sys

generation, uri = sys.argv[1:]
if generation == "4":
    from Pyro4 import Proxy
else:
    from Pyro5.api import Proxy

with Proxy(uri) as ns, Proxy(uri) as other:
    items = ns.watch(0)
    seen = []
    while not seen or seen[-1]["kind"] != "current":
        seen.append(next(items))
    owner = other.register("watched", "PYRO:obj@localhost:4444", ttl=30)
    seen.append(next(items))
    other.remove("watched", owner=owner)
    seen.append(next(items))
    items.close()
print(json.dumps([[item["kind"], item.get("name", "")] for item in seen]))
