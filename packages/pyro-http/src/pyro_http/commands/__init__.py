"""The ``gateway`` group of ``pyro-cli``. The only module here that needs click."""

import logging
import os
from dataclasses import replace
from typing import Any

import click

from pyro_cli.contexts import settings_of
from pyro_core.features import AUTO
from pyro_core.settings import ClientSettings

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.group()
def gateway() -> None:
    """Offer remote objects over HTTP.

    Example: pyro-cli gateway serve --console
    """


@gateway.command()
@click.option("-n", "--host", help="Host name or address to listen on. Default: localhost.")
@click.option("-p", "--port", type=click.IntRange(0, 65535), help="TCP port; 0: any free one. Default: 8080.")
@click.option("--ns", "ns_host", metavar="HOST[:PORT]", help="Name server. Default: PYRO_NS_HOST, or search.")
@click.option(
    "-e",
    "--expose",
    multiple=True,
    metavar="REGEX",
    help=r"Offer names that match as a whole; may be repeated. Default: http\..*",
)
@click.option("--tokens-file", metavar="FILE", help='TOML file of who may use it: lines NAME = "TOKEN".')
@click.option("--allow-anonymous", is_flag=True, default=None, help="Listen beyond loopback without tokens.")
@click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="HOST", help="A host name of it.")
@click.option("--cors-origin", "cors_origins", multiple=True, metavar="URL", help="Pages that may use it.")
@click.option("--console", is_flag=True, default=None, help="With the web console.")
@click.option("--tracebacks", is_flag=True, default=None, help="Show remote tracebacks to clients.")
@click.option("--timeout", "timeout_s", type=float, help="Seconds that a call may take. Default: 30.")
@click.option("--rate", "rate_per_s", type=float, help="Requests a second of one client. Default: any.")
@click.option("--certfile", metavar="FILE", help="Speak HTTPS with this certificate.")
@click.option("--keyfile", metavar="FILE", help="Its private key, if that is in another file.")
@click.option("-c", "--config", metavar="FILE", help="TOML file with a table [gateway].")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
def serve(ns_host: str | None, config: str | None, log_level: str, **given: Any) -> None:
    r"""Run a gateway until Ctrl-C or SIGTERM.

    Options go before variables of the environment (PYRO_GATEWAY_...), and those before the file.

    Example: pyro-cli gateway serve --console --expose 'example\..*'
    """
    from pyro_http import server
    from pyro_http.settings import GatewaySettings

    logging.basicConfig(level=log_level.upper(), format=_TEXT)
    logging.getLogger("uvicorn").setLevel("WARNING" if log_level == "info" else log_level.upper())
    base = GatewaySettings.from_toml(config) if config else None
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    settings = replace(GatewaySettings.from_environ(base=base), **changes)
    client = settings_of(ClientSettings)
    if ns_host:
        client = replace(client, ns_host=ns_host)
    if "PYRO_SERIALIZER" not in os.environ and client.serializer == ClientSettings().serializer:
        client = replace(client, serializer=AUTO)
    server.serve(settings, client_settings=client, announce=lambda text: print(text, flush=True))
    click.echo("Gateway stopped.")
