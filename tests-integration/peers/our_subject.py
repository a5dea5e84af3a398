"""Our server for the behaviour tests, in a process of its own: python our_subject.py SERVERTYPE.

Prints the subject's address; ends when its standard input closes.
"""

import sys
import threading

from subject import publish

import pyro_server
from pyro_client import Proxy
from pyro_core.context import current_call
from pyro_server import Daemon

with Daemon(host="127.0.0.1", servertype=sys.argv[1]) as daemon:
    print(f"ready {publish(pyro_server, daemon, current_call, Proxy)}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
    daemon.request_loop()
