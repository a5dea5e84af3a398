"""Offer objects with one call, and stop politely when asked to."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyro_core.uri import URI
    from pyro_server.daemon import Daemon


def serve(
    objects: Mapping[Any, str | None] | Iterable[tuple[Any, str | None]],
    *,
    host: str | None = None,
    port: int | None = None,
    daemon: "Daemon | None" = None,
    use_ns: bool = True,
    verbose: bool = True,
) -> None:
    """Register objects, say where they are, and serve until Ctrl-C, SIGTERM or ``shutdown()``.

    At the end the names are taken out of the name server again, and a call that runs gets a moment to finish.

    Args:
        objects: Object or class -> its name, or None for no name. Without a name server the name is the
            object's id in the daemon. What is registered in the daemon already keeps its id.
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        daemon: Daemon to use, which is left open; None makes one, and closes it at the end.
        use_ns: Whether to register the names in the name server.
        verbose: Whether to print what is registered.

    Raises:
        NameServerNotFound: If names are to be registered and no name server answers.
        PluginError: If the client package, which talks to the name server, is not installed.
    """
    from pyro_server.daemon import Daemon

    own = daemon is None
    serving = Daemon(host=host, port=port) if daemon is None else daemon
    names: dict[str, URI] = {}
    try:
        for target, name in list(objects.items() if isinstance(objects, Mapping) else objects):
            uri = _uri_of(serving, target, None if use_ns else name)
            if name is not None and use_ns:
                names[name] = uri
            if verbose:
                print(f"Object {target!r}:\n    uri = {uri}\n    name = {name}", flush=True)
        _register_names(names)
        if verbose:
            print("Pyro daemon running.", flush=True)
        try:
            serving.request_loop()
        finally:
            _remove_names(names)
    finally:
        if own:
            serving.close()


def _uri_of(daemon: "Daemon", target: Any, object_id: str | None) -> "URI":
    from pyro_core.errors import DaemonError

    try:
        return daemon.uri_for(target)
    except DaemonError:  # not registered yet
        return daemon.register(target, object_id)


def _name_server() -> Any:
    """A connection to the name server, made by the client package, which this one does not import."""
    from pyro_core import plugins

    return plugins.references().load("nameserver")()


def _register_names(names: "Mapping[str, URI]") -> None:
    if names:
        with _name_server() as name_server:
            for name, uri in names.items():
                name_server.register(name, str(uri))


def _remove_names(names: "Mapping[str, URI]") -> None:
    """Take the names out again, unless somebody else has taken them over meanwhile."""
    from pyro_core.errors import PyroError

    if not names:
        return
    try:
        with _name_server() as name_server:
            for name, uri in names.items():
                if str(name_server.list(name).get(name)) == str(uri):
                    name_server.remove(name)
    except PyroError as problem:
        import logging

        logging.getLogger("pyro_server.serve").warning(
            "names stay registered in the name server: %s", problem
        )
