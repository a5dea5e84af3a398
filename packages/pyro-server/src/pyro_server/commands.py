"""``pyro-cli echo``: a server to try things on. The only module here that needs click."""

import click

from pyro_server.daemon import Daemon
from pyro_server.echo import ECHO_ID, EchoServer
from pyro_server.serve import serve


@click.group()
def echo() -> None:
    """Run a server that answers with what it is told.

    Example: pyro-cli echo serve --port 9999
    """


@echo.command(name="serve")
@click.option("--host", help="Host name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one.")
@click.option("--unixsocket", help="Path of a Unix socket to listen on instead.")
@click.option("--name-server", "use_ns", is_flag=True, help=f"Register as {ECHO_ID} in the name server.")
@click.option("--verbose", is_flag=True, help="Print every call.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def serve_echo(
    host: str | None, port: int | None, unixsocket: str | None, use_ns: bool, verbose: bool, quiet: bool
) -> None:
    """Serve the object test.echoserver until Ctrl-C, or until its method shutdown is called.

    Example: pyro-cli echo serve --verbose
    """
    with Daemon(host=host, port=port, unixsocket=unixsocket) as daemon:
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
