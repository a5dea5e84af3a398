"""``pyro-cli version``."""

import json
import platform
from importlib import metadata

import click

from pyro_core.names import PROTOCOL_VERSIONS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def version(as_json: bool) -> None:
    """Versions of the installed packages, of Python, and of the protocols spoken.

    Example: pyro-cli version --json
    """
    found = {
        name: dist.version
        for dist in metadata.distributions()
        if (name := dist.metadata["Name"]).startswith(("pyro-", "pyro4-compat"))
        or name in ("serpent", "msgpack")
    }
    if as_json:
        facts = {"packages": found, "python": platform.python_version(), "protocols": list(PROTOCOL_VERSIONS)}
        click.echo(json.dumps(facts, indent=2, sort_keys=True))
        return
    for name in sorted(found):
        click.echo(f"{name:24} {found[name]}")
    click.echo(f"{'python':24} {platform.python_version()} ({platform.system()})")
    click.echo(f"{'protocols':24} {', '.join(map(str, PROTOCOL_VERSIONS))}")
