"""A server for the tests of promises, which prints ``ready URI``.

Usage: python crowded_server.py SERVERTYPE HANDSHAKE_S [UNIXSOCKET]
"""

import os
import resource
import socket
import sys
import threading
from datetime import datetime

from pyro_client import Proxy
from pyro_core.context import current_call
from pyro_core.errors import CommunicationError
from pyro_core.settings import Limits, ServerSettings, Timeouts
from pyro_server import Daemon, expose


class Plain:
    """An instance of a class that the other side does not know."""

    def __init__(self):
        self.a = 1


class OutOfPaper(Exception):
    """An exception that the other side does not know."""


class Careful:
    """Has more names than it exposes, and notes who looks at them."""

    def __init__(self):
        self.seen = []

    @property
    def hidden(self):
        self.seen.append("hidden")

    @hidden.setter
    def hidden(self, value):
        self.seen.append("hidden is set")

    def unexposed(self):
        self.seen.append("unexposed")

    @expose
    def looked_at(self):
        return self.seen


@expose
class Crowded:
    def __init__(self):
        self._value = 17

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value

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

    def plains(self):
        return {"deep": [Plain(), (Plain(),)]}

    def moment(self):
        return datetime.fromisoformat("2026-01-02T03:04:05+02:00")

    def answer_with_annotation(self, text):
        current_call().response_annotations = {"RESP": text.encode()}

    def annotation(self, name):
        return bytes(current_call().annotations[name]).decode()

    def correlation(self):
        return current_call().correlation_id.hex

    def leave(self, kind):
        kinds = {kind.__name__: kind for kind in (SystemExit, KeyboardInterrupt, GeneratorExit)}
        raise kinds[kind]("a method tried to end the server")

    def lose_connection(self):
        raise CommunicationError("a method met a connection that broke")

    def call_nobody(self):
        with Proxy("PYRO:nobody@127.0.0.1:1") as nobody:
            nobody.add(1, 1)

    def fail_with_own_class(self):
        raise OutOfPaper("tray 2 is empty")

    def fail_with(self, attributes):
        error = ValueError("bad")
        vars(error).update(attributes)
        raise error

    def fail_for_a_reason(self):
        try:
            raise KeyError("tray")
        except KeyError as cause:
            raise ValueError("no paper") from cause

    def fail_oddly(self):
        error = ValueError("odd", 5)
        error.tool = lambda: None
        raise error

    def fail_twice(self):
        raise ExceptionGroup("two things", [ValueError("one"), KeyError("two")])

    def socket_options(self):
        """Of the connections that this process has accepted: name -> value."""
        return [options(number) for number in map(int, os.listdir("/proc/self/fd")) if is_connection(number)]


Careful.helper = Crowded  # holds something exposed, and is not exposed itself
Careful.helping = Crowded()


def is_connection(number):
    try:
        with socket.socket(fileno=os.dup(number)) as sock:
            return sock.family == socket.AF_INET and bool(sock.getpeername())
    except OSError:
        return False  # not a socket, or one that listens


def options(number):
    names = ("TCP_NODELAY", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
    with socket.socket(fileno=os.dup(number)) as sock:
        found = {name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names}
        return {**found, "SO_KEEPALIVE": sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)}


servertype, handshake_s, unixsocket = [*sys.argv[1:], ""][:3]
_, most_descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most_descriptors, most_descriptors))
settings = ServerSettings(
    host="127.0.0.1",
    unixsocket=unixsocket or None,
    servertype=servertype,
    threads=8,
    serializers=("serpent", "json", "marshal", "msgpack"),
    timeouts=Timeouts(handshake_s=float(handshake_s), housekeeping_s=0.1),
    limits=Limits(max_message_bytes=4 << 20),
)
with Daemon(settings) as daemon:
    daemon.register(Crowded, "class")  # and an instance of it, which is D1
    daemon.register(Careful(), "careful")
    print(f"ready {daemon.register(Crowded(), 'crowded')}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
    daemon.request_loop()
