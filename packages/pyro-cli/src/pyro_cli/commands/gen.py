"""``pyro-cli gen``: writes files. Its commands are the entry points ``gen.NAME`` of all packages."""

import click

from pyro_cli.main import InstalledCommands


@click.command(cls=InstalledCommands, within="gen")
def gen() -> None:
    """Write files for other programs: interfaces, service units, completion scripts.

    Example: pyro-cli gen stubs warehouse --output warehouse.py
    """
