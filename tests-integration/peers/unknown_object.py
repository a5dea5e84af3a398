"""What a stock client is told about an object that is not there.

Usage: python unknown_object.py 4|5 URI SERIALIZER
"""

import sys

if sys.argv[1] == "4":
    import Pyro4 as api
else:
    import Pyro5.api as api
api.config.SERIALIZER = sys.argv[3]
try:
    api.Proxy(sys.argv[2])._pyroBind()
except Exception as error:
    print(type(error).__name__, error)
