"""A client of a stock generation that says a handshake value, or none.

Usage: python stock_token_client.py 4|5 URI [JSON]. Prints one JSON object: what it called -> what came of it.
"""

import json
import sys

GENERATION, URI = sys.argv[1:3]
if GENERATION == "4":
    import Pyro4 as api
else:
    import Pyro5.api as api
api.config.SERIALIZER = "serpent"


def outcome(name, *arguments):
    try:
        result = getattr(proxy, name)(*arguments)  # looking it up connects
        return list(result) if hasattr(result, "__next__") else result
    except Exception as error:
        return [type(error).__name__, str(error)]


with api.Proxy(URI) as proxy:
    if len(sys.argv) > 3:
        proxy._pyroHandshake = json.loads(sys.argv[3])
    report = {
        "who": outcome("who"),
        "count": outcome("count", 3),
        "close": outcome("close"),
        "again": outcome("who"),
    }
    print(json.dumps(report))
