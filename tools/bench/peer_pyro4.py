"""A program for Pyro4, run with stock Pyro4 or with ours; the serializer is named by PYRO_SERIALIZER."""

import os
import sys

import workloads

import Pyro4


def serve() -> None:
    """Serve until the driver ends this process."""
    Pyro4.config.SERIALIZERS_ACCEPTED = {os.environ["PYRO_SERIALIZER"]}
    with Pyro4.Daemon() as daemon:
        workloads.ready(daemon.register(Pyro4.expose(workloads.Service)(), "service"))
        daemon.requestLoop()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        with Pyro4.Proxy(sys.argv[2]) as proxy:
            workloads.obey(proxy)
