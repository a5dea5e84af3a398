"""Serving objects with one statement."""

from collections.abc import Mapping
from typing import Any


def serve_simple(
    objects: Mapping[Any, str | None],
    host: str | None,
    port: int,
    daemon: Any,
    *,
    ns: bool,
    verbose: bool,
) -> None:
    """Register objects, in a name server too if wanted, and serve them; see ``Daemon.serveSimple``."""
    from Pyro4 import core

    if daemon is None:
        daemon = core.Daemon(host, port)
    with daemon:
        name_server: Any = core.locateNS() if ns else None
        for obj, name in objects.items():
            uri = daemon.register(obj, None if ns else name)
            if ns and name:
                name_server.register(name, uri)
            if verbose:
                print(f"Object {obj!r}:\n    uri = {uri}")
                if ns and name:
                    print(f"    name = {name}")
        if name_server is not None:
            name_server._pyroRelease()
        if verbose:
            print("Pyro daemon running.")
        daemon.requestLoop()
