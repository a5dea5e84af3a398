"""``pyro-cli plugins``: what can be extended, by whom it is, and whether it works."""

from collections.abc import Mapping

import click

from pyro_cli import exit_codes
from pyro_cli.output import Output, output_options
from pyro_core import plugins as registries
from pyro_core.plugins import Registry


def _groups() -> Mapping[str, Registry]:
    return {
        "serializers": registries.serializers(),
        "transports": registries.transports(),
        "storages": registries.storages(),
        "commands": registries.commands(),
        "observers": registries.observers(),
    }


@click.group()
def plugins() -> None:
    """List and check serializers, transports, name-server storages, commands and observers.

    Example: pyro-cli plugins check
    """


@plugins.command("list")
@output_options
def list_plugins(output: Output) -> None:
    """Names that can be used, without loading any of them.

    Example: pyro-cli plugins list
    """
    rows = [
        {"kind": kind, "name": name} for kind, known in _groups().items() for name in sorted(known.names())
    ]
    output.rows(rows, ("kind", "name"))


@plugins.command()
@output_options
@click.pass_context
def check(ctx: click.Context, output: Output) -> None:
    """Load every plugin and say which are broken and how to repair them.

    A plugin whose optional dependency is not installed is reported, but is no failure: exit code 7 means
    that something installed is broken or in conflict.

    Example: pyro-cli plugins check --json
    """
    checked = [(kind, status) for kind, registry in _groups().items() for status in registry.check()]
    rows = [
        {
            "kind": kind,
            "name": status.name,
            "source": status.source,
            "distribution": status.dist,
            "ok": status.ok,
            "problem": status.problem,
            "remedy": status.remedy,
        }
        for kind, status in checked
    ]
    output.rows(rows, ("kind", "name", "distribution", "ok", "problem", "remedy"))
    if any(not status.ok and not status.missing_extra for _, status in checked):
        ctx.exit(exit_codes.PLUGIN)
