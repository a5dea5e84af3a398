"""Pyro5's name server, a daemon and its HTTP gateway, each a process; ends when its standard input closes."""

import sys
import time
import urllib.error
import urllib.request
from multiprocessing import Process, Queue
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def name_server(places: "Queue[tuple[str, int]]") -> None:
    """Serve names."""
    import Pyro5.nameserver

    uri, daemon, _ = Pyro5.nameserver.start_ns("localhost", 0, enableBroadcast=False)
    places.put(("localhost", uri.port))
    daemon.requestLoop()


def objects(ns_port: int) -> None:
    """Serve an object."""
    import Pyro5.api
    from Pyro5 import config

    config.NS_PORT = ns_port
    config.NS_HOST = "localhost"

    @Pyro5.api.expose
    class Adder:
        """Adds."""

        def add(self, a: Any, b: Any) -> Any:
            """A sum, or a longer text."""
            return a + b

    with Pyro5.api.Daemon() as daemon:
        uri = daemon.register(Adder, "adder")
        Pyro5.api.locate_ns("localhost", ns_port).register("http.bench", uri)
        daemon.requestLoop()


def gateway(ns_port: int, places: "Queue[tuple[str, int]]") -> None:
    """Serve HTTP, as its command does."""
    from Pyro5 import config
    from Pyro5.utils import httpgateway

    config.NS_PORT = ns_port
    config.NS_HOST = "localhost"
    config.SERIALIZER = "json"  # as httpgateway.main sets it
    config.COMMTIMEOUT = 5.0
    httpgateway.pyro_app.ns_regex = r"http\."
    httpgateway.pyro_app.gateway_key = b""
    server = make_server("127.0.0.1", 0, httpgateway.pyro_app, handler_class=Quiet)
    server.socket.listen(256)
    places.put(("127.0.0.1", server.server_port))
    server.serve_forever()


def main() -> None:
    """Run all three."""
    places: Queue[tuple[str, int]] = Queue()
    started = [Process(target=name_server, args=(places,), daemon=True)]
    started[0].start()
    ns_port = places.get(timeout=30)[1]
    started += [
        Process(target=objects, args=(ns_port,), daemon=True),
        Process(target=gateway, args=(ns_port, places), daemon=True),
    ]
    for process in started[1:]:
        process.start()
    port = places.get(timeout=30)[1]
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/pyro/http.bench/add?a=1&b=2", timeout=5).read()
            break
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.1)
    print("ready", port, flush=True)
    sys.stdin.read()
    for process in started:
        process.terminate()


if __name__ == "__main__":
    main()
