"""``pyro-cli ns serve`` and ``ns config``."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import click

from pyro_cli.output import Output, output_options
from pyro_nameserver import configuration
from pyro_nameserver.configuration import Configuration

_PORT: Final = click.IntRange(0, 65535)
_OPTIONS: Final = {
    "host": "--host",
    "port": "--port",
    "unixsocket": "--unixsocket",
    "storage": "--storage",
    "broadcast": "--nobc",
    "broadcast_host": "--bchost",
    "broadcast_port": "--bcport",
    "mdns": "--mdns",
    "nathost": "--nathost",
    "natport": "--natport",
    "autoclean_s": "--autoclean",
    "admin": "--admin",
    "log_format": "--log-format",
    "log_level": "--log-level",
}
"""Setting -> the option that goes before all else."""


def _configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options for everything; the command gets a function that loads the configuration, as ``load``."""

    @wraps(command)
    def with_load(*args: Any, config: str | None, nobc: bool, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in _OPTIONS if name in kwargs}
        given["broadcast"] = False if nobc else None
        chosen = {name: (value, _OPTIONS[name]) for name, value in given.items() if value is not None}
        return command(*args, load=lambda: configuration.load(config, options=chosen), **kwargs)

    result: Callable[..., Any] = with_load
    for option in (
        click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"])),
        click.option("--log-format", type=click.Choice(["text", "json"]), help="Default: text."),
        click.option("--admin", metavar="[HOST:]PORT", help="Answer /livez, /readyz and /metrics there."),
        click.option(
            "--autoclean", "autoclean_s", type=float, help="Seconds between looks for dead servers."
        ),
        click.option("-x", "--nobc", is_flag=True, help="Do not answer broadcasts."),
        click.option("--mdns", is_flag=True, default=None, help="Be found by multicast DNS, too."),
        click.option("--natport", type=_PORT, help="Port under which to publish it."),
        click.option("--nathost", metavar="HOST", help="Host name under which to publish it."),
        click.option(
            "--bcport", "broadcast_port", type=_PORT, help="UDP port for broadcasts. Default: 9091."
        ),
        click.option(
            "--bchost", "broadcast_host", metavar="HOST", help="Address for broadcasts. Default: all."
        ),
        click.option(
            "-s",
            "--storage",
            metavar="SPEC",
            help="memory, sqlite:FILE, etcd:..., postgres:..., or a plugin's. Default: memory; in a service "
            "that has a state directory a sqlite file there.",
        ),
        click.option("-u", "--unixsocket", metavar="PATH", help="Listen on this Unix socket instead."),
        click.option("-p", "--port", type=_PORT, help="TCP port; 0: any free one. Default: 9090."),
        click.option("-n", "--host", help="Host name or address to listen on. Default: localhost."),
        click.option("-c", "--config", metavar="FILE", help="TOML file, or PYRO_NS_CONFIG."),
    ):
        result = option(result)
    return result


@click.command()
@_configured
def serve(load: Callable[[], Configuration]) -> None:
    """Run a name server until Ctrl-C or SIGTERM.

    Options go before variables of the environment, and those before the file. SIGTERM lets calls that run
    finish; a second one ends everything at once. SIGHUP reads the file and certificates again.

    Example: pyro-cli ns serve --storage sqlite:names.db --admin 9100
    """
    from pyro_nameserver.supervisor import run

    run(load, announce=lambda text: print(text, flush=True))
    click.echo("Name server stopped.")


@click.group()
def config() -> None:
    """Look at the configuration of the name server.

    Example: pyro-cli ns config show --config nameserver.toml
    """


@config.command()
@_configured
@output_options
def show(load: Callable[[], Configuration], output: Output) -> None:
    """Every setting with its value and where that came from; takes the options of `ns serve`.

    Wrong names and values are errors, so this checks a file before a restart.

    Example: pyro-cli ns config show --config /etc/pyro/nameserver.toml
    """
    output.rows(load().rows(), columns=("table", "name", "value", "source"))
