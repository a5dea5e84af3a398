"""Stock Pyro5's name server with a storage, and a client of it."""

import sys

import name_workloads
import Pyro5.api
import Pyro5.nameserver
import workloads


def serve(storage: str) -> None:
    """Serve until the driver ends this process."""
    uri, daemon, _ = Pyro5.nameserver.start_ns("127.0.0.1", 0, enableBroadcast=False, storage=storage)
    workloads.ready(uri)
    daemon.requestLoop()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(sys.argv[2].replace("sqlite:", "sql:"))
    else:
        with Pyro5.api.Proxy(sys.argv[2]) as nameserver:
            workloads.obey(name_workloads.Client(nameserver))
