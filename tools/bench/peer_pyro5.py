"""Stock Pyro5, with the serializer named by PYRO_SERIALIZER."""

import sys

import Pyro5.api
import workloads


def serve() -> None:
    """Serve until the driver ends this process."""
    with Pyro5.api.Daemon() as daemon:
        workloads.ready(daemon.register(Pyro5.api.expose(workloads.Service)(), "service"))
        daemon.requestLoop()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        with Pyro5.api.Proxy(sys.argv[2]) as proxy:
            workloads.obey(proxy)
