"""A server for the tests of promises, which prints ``ready URI``.

Usage: python crowded_server.py SERVERTYPE HANDSHAKE_S
"""

import sys
import threading
from datetime import datetime

from pyro_core.context import current_call
from pyro_core.settings import Limits, ServerSettings, Timeouts
from pyro_server import Daemon, expose


class Plain:
    """An instance of a class that the other side does not know."""

    def __init__(self):
        self.a = 1


@expose
class Crowded:
    value = property(lambda self: 17)

    def add(self, a, b):
        return a + b

    def echo(self, value):
        return value

    def kind_of(self, value):
        return type(value).__name__

    def nested_error(self):
        return {"deep": [ValueError("inside")]}

    def plain(self):
        return Plain()

    def moment(self):
        return datetime.fromisoformat("2026-01-02T03:04:05+02:00")

    def answer_with_annotation(self, text):
        current_call().response_annotations = {"RESP": text.encode()}


servertype, handshake_s = sys.argv[1:]
settings = ServerSettings(
    host="127.0.0.1",
    servertype=servertype,
    threads=8,
    serializers=("serpent", "json", "marshal", "msgpack"),
    timeouts=Timeouts(handshake_s=float(handshake_s), housekeeping_s=0.1),
    limits=Limits(max_message_bytes=4 << 20),
)
with Daemon(settings) as daemon:
    daemon.register(Crowded, "class")  # and an instance of it, which is D1
    print(f"ready {daemon.register(Crowded(), 'crowded')}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
    daemon.request_loop()
