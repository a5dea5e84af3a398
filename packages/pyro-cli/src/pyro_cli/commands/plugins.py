"""``pyro-cli plugins``: what can be extended, by whom it is, and whether it works."""

import json
from collections.abc import Mapping

import click

from pyro_cli import exit_codes
from pyro_core import plugins as registries
from pyro_core.plugins import Registry


def _groups() -> Mapping[str, Registry]:
    return {
        "serializers": registries.serializers(),
        "transports": registries.transports(),
        "storages": registries.storages(),
        "commands": registries.commands(),
    }


@click.group()
def plugins() -> None:
    """List and check serializers, transports, name-server storages and commands.

    Example: pyro-cli plugins check
    """


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_plugins(as_json: bool) -> None:
    """Names that can be used, without loading any of them.

    Example: pyro-cli plugins list
    """
    names = {kind: sorted(registry.names()) for kind, registry in _groups().items()}
    if as_json:
        click.echo(json.dumps(names, indent=2))
        return
    for kind, known in names.items():
        click.echo(f"{kind:12} {', '.join(known)}")


@plugins.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Load every plugin and say which are broken and how to repair them.

    A plugin whose optional dependency is not installed is reported, but is no failure: exit code 7 means
    that something installed is broken or in conflict.

    Example: pyro-cli plugins check --json
    """
    rows = [(kind, status) for kind, registry in _groups().items() for status in registry.check()]
    if as_json:
        facts = [
            {
                "kind": kind,
                "name": status.name,
                "source": status.source,
                "distribution": status.dist,
                "ok": status.ok,
                "problem": status.problem,
                "remedy": status.remedy,
            }
            for kind, status in rows
        ]
        click.echo(json.dumps(facts, indent=2))
    else:
        for kind, status in rows:
            verdict = "ok" if status.ok else f"{status.problem}; {status.remedy}"
            click.echo(f"{kind:12} {status.name:14} {status.dist or status.source:24} {verdict}")
    if any(not status.ok and not status.missing_extra for _, status in rows):
        ctx.exit(exit_codes.PLUGIN)
