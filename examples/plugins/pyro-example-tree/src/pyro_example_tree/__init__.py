"""``pyro-cli tree``: the names of a name server as a tree, in which each dot begins a branch."""

from collections.abc import Iterable, Iterator

import click

from pyro_cli.contexts import settings_of
from pyro_cli.output import Output, output_options
from pyro_client import ClientSettings, locate_ns

__all__ = ["drawn", "tree"]


@click.command()
@click.argument("prefix", default="")
@output_options
def tree(output: Output, prefix: str) -> None:
    """Show the names that begin with PREFIX as a tree.

    Example: pyro-cli tree shop.
    """
    with locate_ns(settings=settings_of(ClientSettings)) as phone_book:
        names = phone_book.list(prefix)
    if output.for_people:
        for line in drawn(names):
            click.echo(line)
    else:  # all other formats come for free
        rows = [{"name": name, "uri": str(uri)} for name, uri in sorted(names.items())]
        output.rows(rows, columns=("name", "uri"))


def drawn(names: Iterable[str]) -> Iterator[str]:
    """The lines of the tree.

    Args:
        names: In any order.
    """
    done: set[tuple[str, ...]] = set()
    for name in sorted(names, key=lambda name: name.split(".")):
        parts = tuple(name.split("."))
        for depth, part in enumerate(parts):
            if parts[: depth + 1] not in done:
                done.add(parts[: depth + 1])
                yield "  " * depth + part
