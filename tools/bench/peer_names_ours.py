"""Our name server with a storage, and a client of it."""

import sys

import name_workloads
import workloads


def serve(storage: str) -> None:
    """Serve until the driver ends this process."""
    from pyro_core.settings import NameServerSettings
    from pyro_nameserver import NameServer

    settings = NameServerSettings(host="127.0.0.1", port=0, broadcast=False, storage=storage)
    with NameServer(settings) as nameserver:
        workloads.ready(nameserver.uri)
        nameserver.serve()


def ask(uri: str) -> None:
    """Be the client."""
    from pyro_client import Proxy

    with Proxy(uri) as nameserver:
        workloads.obey(name_workloads.Client(nameserver))


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(sys.argv[2])
    else:
        ask(sys.argv[2])
