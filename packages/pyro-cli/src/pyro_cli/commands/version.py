"""``pyro-cli version``."""

import platform
from importlib import metadata

import click

from pyro_cli.output import Output, output_options
from pyro_core.names import PROTOCOL_VERSIONS


@click.command()
@output_options
def version(output: Output) -> None:
    """Versions of the installed packages, of Python, and of the protocols spoken.

    Example: pyro-cli version --json
    """
    found = {
        name: dist.version
        for dist in metadata.distributions()
        if (name := dist.metadata["Name"]).startswith(("pyro-", "pyro4-compat"))
        or name in ("serpent", "msgpack")
    }
    rows = [{"name": name, "version": found[name]} for name in sorted(found)]
    rows.append({"name": "python", "version": platform.python_version()})
    rows.append({"name": "protocols", "version": ", ".join(map(str, PROTOCOL_VERSIONS))})
    output.rows(rows, ("name", "version"))
