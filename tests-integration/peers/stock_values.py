"""A client of a stock generation, which sends bytes and looks at what arrives of an exception with a cause.

Usage: python stock_values.py 4|5 URI. Prints one JSON object.
"""

import json
import sys

GENERATION, URI = sys.argv[1:3]
if GENERATION == "4":
    import Pyro4 as api
else:
    import Pyro5.api as api

with api.Proxy(URI) as proxy:
    kinds = [proxy.kind_of(b"raw"), proxy.kind_of({"inside": [b"raw"]}["inside"][0])]
    try:
        proxy.fail_for_a_reason()
    except ValueError as error:
        traceback = "".join(error._pyroTraceback)
    odd = []
    for serializer in ("serpent", "json", "msgpack"):
        with api.Proxy(URI) as other:
            other._pyroSerializer = serializer
            try:
                other.fail_oddly()
            except ValueError as error:
                odd.append(list(error.args))
print(json.dumps({"kinds": kinds, "traceback": traceback, "odd": odd}))
