"""The sqlite storage of a stock name server.

Usage: python stock_name_file.py 4|5 FILE. Prints what the file holds as JSON, then adds one name.
"""

import json
import sys

generation, file = sys.argv[1:]
if generation == "4":
    from Pyro4.naming_storage import SqlStorage
else:
    from Pyro5.nameserver import SqlStorage

storage = SqlStorage(file)
found = storage.everything(return_metadata=True)
print(json.dumps({name: [uri, sorted(tags)] for name, (uri, tags) in found.items()}))
storage[f"from.{generation}"] = (f"PYRO:stock@h:{generation}", {"old", "stock"})
storage.close()
