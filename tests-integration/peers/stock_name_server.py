"""A name server of a stock generation: python stock_name_server.py 4|5. Ends when its input is closed."""

import sys
import threading

if sys.argv[1] == "4":
    import Pyro4
    from Pyro4.naming import startNS as start

    Pyro4.config.SERIALIZERS_ACCEPTED = {"serpent", "json", "marshal", "msgpack"}
else:
    from Pyro5.nameserver import start_ns as start

uri, daemon, _ = start("127.0.0.1", 0, enableBroadcast=False)
print(f"ready {uri}", flush=True)
threading.Thread(target=daemon.requestLoop, daemon=True).start()
sys.stdin.read()
