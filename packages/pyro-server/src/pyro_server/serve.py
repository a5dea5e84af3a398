"""Offer objects with one call, and stop politely when asked to."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyro_server.publisher import DEFAULT_TTL_S
from pyro_server.stop_signals import stopping

if TYPE_CHECKING:
    from pyro_server.daemon import Daemon


def serve(
    objects: Mapping[Any, str | None] | Iterable[tuple[Any, str | None]],
    *,
    host: str | None = None,
    port: int | None = None,
    daemon: "Daemon | None" = None,
    use_ns: bool = True,
    ns: str | None = None,
    ttl: float | None = DEFAULT_TTL_S,
    metadata: Iterable[str] = (),
    verbose: bool = True,
) -> None:
    """Register objects, say where they are, and serve until Ctrl-C, SIGTERM or ``shutdown()``.

    Names are kept registered meanwhile, see ``Daemon.publish``. At the end they are taken out of the name
    server again, and a call that runs gets a moment to finish.

    Args:
        objects: Object or class -> its name, or None for no name. Without a name server the name is the
            object's id in the daemon. What is registered in the daemon already keeps its id.
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        daemon: Daemon to use, which is left open; None makes one, and closes it at the end.
        use_ns: Whether to register the names in the name server.
        ns: Where the name server is, as for ``Daemon.publish``.
        ttl: How long a name outlives this program if it is killed, in seconds; None for any time.
        metadata: Tags of all the names.
        verbose: Whether to print what is registered.

    Raises:
        NameServerNotFound: If names are to be registered and no name server answers.
        PluginError: If the client package, which talks to the name server, is not installed.
    """
    from pyro_server.daemon import Daemon

    own = daemon is None
    serving = Daemon(host=host, port=port) if daemon is None else daemon
    names: list[str] = []
    tags = frozenset(metadata)
    try:
        for target, name in list(objects.items() if isinstance(objects, Mapping) else objects):
            if name is not None and use_ns:
                uri = serving.publish(name, target, ns=ns, ttl=ttl, metadata=tags)
                names.append(name)
            else:
                uri = serving.uri_of(target, name)
            if verbose:
                print(f"Object {target!r}:\n    uri = {uri}\n    name = {name}", flush=True)
        with stopping(serving._stop_politely):  # before it is told: who reads that may press Ctrl-C
            if verbose:
                print("Pyro daemon running.", flush=True)
            serving.request_loop()
    finally:
        serving.unpublish(*names)
        if own:
            serving.close()
