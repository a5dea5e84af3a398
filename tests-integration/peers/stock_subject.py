"""A server of a stock generation for the behaviour tests: python stock_subject.py 4|5.

The environment may set PYRO_SERVERTYPE. Prints the subject's address; ends when its standard input closes.
"""

import sys
import threading

from subject import publish, refuse_the_unwelcome

if sys.argv[1] == "4":
    import Pyro4 as api

    api.config.SERIALIZERS_ACCEPTED = {"serpent", "json", "marshal", "msgpack"}
else:
    import Pyro5.api as api


class Daemon(api.Daemon):
    def validateHandshake(self, conn, data):
        return refuse_the_unwelcome(data)


daemon = Daemon(host="127.0.0.1")
print(f"ready {publish(api, daemon, lambda: api.current_context, api.Proxy)}", flush=True)
threading.Thread(target=daemon.requestLoop, daemon=True).start()
sys.stdin.read()
