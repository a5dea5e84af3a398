"""Our name server: python our_name_server.py STORAGE [PORT]. Ends when its standard input is closed."""

import sys

from pyro_core.settings import ServerSettings
from pyro_nameserver import start_ns

settings = ServerSettings(serializers=("serpent", "json", "marshal", "msgpack"))
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
with start_ns(
    "127.0.0.1", port, broadcast=False, storage=sys.argv[1], server_settings=settings
) as nameserver:
    print(f"ready {nameserver.uri}", flush=True)
    sys.stdin.read()
