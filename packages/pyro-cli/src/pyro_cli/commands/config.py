"""``pyro-cli config``: which settings are in force, and where each came from."""

import json

import click

from pyro_core.settings import ClientSettings, NameServerSettings, ServerSettings


@click.group()
def config() -> None:
    """Look at the settings.

    Example: pyro-cli config show
    """


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Every setting with its value and its source: a default, or an environment variable.

    Example: PYRO_SERIALIZER=msgpack pyro-cli config show
    """
    parts = {
        "client": ClientSettings.from_environ(),
        "server": ServerSettings.from_environ(),
        "nameserver": NameServerSettings.from_environ(),
    }
    if as_json:
        facts = {
            part: {name: {"value": value, "source": source} for name, value, source in settings.describe()}
            for part, settings in parts.items()
        }
        click.echo(json.dumps(facts, indent=2, default=str))
        return
    for part, settings in parts.items():
        click.echo(f"[{part}]")
        for name, value, source in settings.describe():
            click.echo(f"{name:36} {value!s:24} {source}")
