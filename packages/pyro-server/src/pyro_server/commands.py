"""``pyro-cli serve`` and ``echo serve``. The only module here that needs click."""

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pyro_cli.contexts import Contexts, chosen_name, settings_of
from pyro_core.settings import ClientSettings, ServerSettings

if TYPE_CHECKING:
    from pyro_server.daemon import Daemon


@click.group()
def echo() -> None:
    """Run a server that answers with what it is told.

    Example: pyro-cli echo serve --port 9999
    """


@echo.command(name="serve")
@click.option("--host", help="Host name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one.")
@click.option("--unixsocket", help="Path of a Unix socket to listen on instead.")
@click.option("--name-server", "use_ns", is_flag=True, help="Register as test.echoserver in the name server.")
@click.option("--verbose", is_flag=True, help="Print every call.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def serve_echo(
    host: str | None, port: int | None, unixsocket: str | None, use_ns: bool, verbose: bool, quiet: bool
) -> None:
    """Serve the object test.echoserver until Ctrl-C, or until its method shutdown is called.

    Example: pyro-cli echo serve --verbose
    """
    from pyro_server.echo import ECHO_ID, EchoServer
    from pyro_server.serve import serve

    with _daemon(host, port, unixsocket) as daemon:
        echo_object = EchoServer(daemon.shutdown)
        echo_object.verbose = verbose and not quiet
        if not quiet:
            click.echo("Starting Pyro's built-in test echo server.")
            click.echo(f"object name: {ECHO_ID}")
        uri = daemon.register(echo_object, ECHO_ID)
        if use_ns:
            serve({echo_object: ECHO_ID}, daemon=daemon, verbose=not quiet)
            return
        if not quiet:
            click.echo(f"echo uri = {uri}")
            click.echo("echoserver running.")
        daemon.request_loop()


@click.command(name="serve")
@click.argument("spec", metavar="MODULE:OBJECT")
@click.option("--name", help="Name to register in the name server. Default: that of the class or object.")
@click.option(
    "--ns/--no-ns", "use_ns", default=True, help="Whether to register it. Without, the name is its id."
)
@click.option(
    "--ttl",
    "ttl_s",
    type=click.FloatRange(0),
    help="Seconds that the name outlives a crash, from 2. Default: 20; 0: until somebody removes it.",
)
@click.option("--tag", "tags", multiple=True, help="Give the name this tag; may be repeated.")
@click.option(
    "--expose", "members", multiple=True, metavar="MEMBER", help="Expose this member; may be repeated."
)
@click.option("--host", help="Host name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one.")
@click.option("--unixsocket", metavar="PATH", help="Unix socket to listen on instead.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def serve_object(
    spec: str,
    name: str | None,
    use_ns: bool,
    ttl_s: float | None,
    tags: tuple[str, ...],
    members: tuple[str, ...],
    host: str | None,
    port: int | None,
    unixsocket: str | None,
    quiet: bool,
) -> None:
    """Serve what MODULE has under the name OBJECT: a class, an object, or a function that makes one.

    The module is looked for in the current folder, too. It stops politely at Ctrl-C and SIGTERM: the name is
    taken out again, and calls that run get a moment to finish.

    Example: pyro-cli serve shop:Warehouse --name warehouse --port 4444
    """
    from pyro_server.publisher import DEFAULT_TTL_S
    from pyro_server.serve import serve

    target = _made(_found(spec))
    chosen = name or spec.rpartition(":")[2].rpartition(".")[2]
    with _daemon(host, port, unixsocket) as daemon:
        daemon.register(target, None if use_ns else chosen, expose=list(members))
        if not daemon.ref_for(target).metadata:
            raise click.UsageError(
                f"{spec} exposes nothing: mark its class or methods with @expose, or name them with --expose"
            )
        serve(
            [(target, chosen)],
            daemon=daemon,
            use_ns=use_ns,
            ns=_name_server(),
            ttl=DEFAULT_TTL_S if ttl_s is None else ttl_s or None,
            metadata=tags,
            verbose=not quiet,
        )


def _name_server() -> str | None:
    """Where the context says that the name server is; None if there is no context."""
    if not chosen_name(Contexts()):
        return None
    settings = settings_of(ClientSettings)
    host = settings.ns_host
    return host if ":" in host else f"{host}:{settings.ns_port}"


def _daemon(host: str | None, port: int | None, unixsocket: str | None) -> "Daemon":
    from pyro_server.daemon import Daemon

    return Daemon(settings=settings_of(ServerSettings), host=host, port=port, unixsocket=unixsocket)


def _found(spec: str) -> Any:
    """What ``module:name.of.it`` means."""
    module_name, colon, path = spec.partition(":")
    if not (module_name and colon and path):
        raise click.BadParameter(
            f"expected MODULE:OBJECT such as shop:Warehouse, got {spec!r}", param_hint="MODULE:OBJECT"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        if problem.name and module_name.startswith(problem.name):
            raise click.BadParameter(
                f"no module {problem.name!r} here or among the installed ones", param_hint="MODULE:OBJECT"
            ) from problem
        raise
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as problem:
            raise click.BadParameter(
                f"{module_name} has no {path!r}; it has "
                f"{', '.join(sorted(one for one in vars(found) if not one.startswith('_'))) or 'nothing'}",
                param_hint="MODULE:OBJECT",
            ) from problem
    return found


def _made(found: Any) -> Any:
    """The class or object to serve: what a function returns, and all else as it is."""
    return found() if inspect.isroutine(found) else found
