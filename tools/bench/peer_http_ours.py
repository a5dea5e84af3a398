"""Our name server, a daemon and our HTTP gateway, each a process; ends when its standard input closes."""

import sys
from multiprocessing import Process, Queue
from typing import Any

from pyro_core.settings import ClientSettings
from pyro_server import Daemon, expose


@expose
class Adder:
    """Adds."""

    def add(self, a: Any, b: Any) -> Any:
        """A sum, or a longer text."""
        return a + b


def name_server(places: "Queue[int]") -> None:
    """Serve names."""
    from pyro_core.settings import NameServerSettings
    from pyro_nameserver import NameServer

    with NameServer(NameServerSettings(port=0, broadcast=False)) as server:
        assert server.uri.port is not None
        places.put(server.uri.port)
        server.serve()


def objects(ns_port: int, places: "Queue[int]") -> None:
    """Serve an object."""
    from pyro_client import locate_ns

    with Daemon(port=0) as daemon:
        uri = daemon.register(Adder(), "adder")
        locate_ns("localhost", ns_port).register("http.bench", str(uri))
        places.put(0)
        daemon.request_loop()


def gateway(ns_port: int, places: "Queue[int]") -> None:
    """Serve HTTP, as the command does."""
    from pyro_core.features import AUTO
    from pyro_http.server import GatewayServer
    from pyro_http.settings import GatewaySettings

    client = ClientSettings(ns_host=f"localhost:{ns_port}", serializer=AUTO)
    with GatewayServer(GatewaySettings(port=0), client_settings=client) as server:
        server.serve(lambda _: places.put(server.address[1]))


def main() -> None:
    """Run all three."""
    places: Queue[int] = Queue()
    started = [Process(target=name_server, args=(places,), daemon=True)]
    started[0].start()
    ns_port = places.get(timeout=30)
    for work in (objects, gateway):
        started.append(Process(target=work, args=(ns_port, places), daemon=True))
        started[-1].start()
        port = places.get(timeout=30)
    print("ready", port, flush=True)
    sys.stdin.read()
    for process in started:
        process.terminate()


if __name__ == "__main__":
    main()
