"""Ours, with the serializer named by PYRO_SERIALIZER, and everything else as a plain install has it."""

import sys

import workloads


def serve() -> None:
    """Serve until the driver ends this process."""
    from pyro_server import Daemon, expose

    with Daemon() as daemon:
        workloads.ready(daemon.register(expose(workloads.Service)(), "service"))
        daemon.request_loop()


def call(uri: str) -> None:
    """Be the client."""
    from pyro_client import Proxy

    with Proxy(uri) as service:
        workloads.obey(service)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        call(sys.argv[2])
