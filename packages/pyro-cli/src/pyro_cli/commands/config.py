"""``pyro-cli config``: which settings are in force, and where each came from."""

import click

from pyro_cli.contexts import PARTS, Contexts, chosen_name, folder
from pyro_cli.output import Output, output_options


@click.group()
def config() -> None:
    """Look at the settings.

    Example: pyro-cli config show
    """


@config.command()
@click.argument("prefix", default="")
@output_options
def show(prefix: str, output: Output) -> None:
    """Every setting with its value and its source: a default, a context, or an environment variable.

    With PREFIX only the settings whose names begin with it, such as client. or client.ns_

    Example: PYRO_SERIALIZER=msgpack pyro-cli config show client.serializer
    """
    contexts = Contexts()
    name = chosen_name(contexts)
    rows = [
        {
            "name": f"{part}.{setting}",
            "value": value,
            "source": f"context {name}" if source == "program" else source,
        }
        for part, kind in PARTS.items()
        for setting, value, source in kind.from_environ(base=contexts.settings(name, kind)).describe()
    ]
    output.rows((row for row in rows if row["name"].startswith(prefix)), ("name", "value", "source"))


@config.command()
@output_options
def path(output: Output) -> None:
    """Where the files of pyro-cli are, whether they exist, and which context is in force.

    Example: pyro-cli config path
    """
    contexts = Contexts()
    output.record(
        {
            "folder": str(folder()),
            "contexts": str(contexts.path),
            "exists": contexts.path.exists(),
            "context": chosen_name(contexts) or None,
        }
    )
