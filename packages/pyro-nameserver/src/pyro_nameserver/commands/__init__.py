"""The ``ns`` group of ``pyro-cli``: run a name server, ask one, and move names."""

import click

from pyro_nameserver.commands import asking, changing, moving, serving, watching


@click.group()
def ns() -> None:
    """Run a name server, or ask one.

    Example: pyro-cli ns list example.
    """


for command in (
    serving.serve,
    serving.config,
    asking.ping,
    asking.status,
    asking.discover,
    asking.list_names,
    asking.lookup,
    watching.watch,
    changing.register,
    changing.renew,
    changing.tag,
    changing.remove,
    changing.prune,
    moving.export,
    moving.import_names,
    moving.migrate,
):
    ns.add_command(command)
