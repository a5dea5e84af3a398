"""``pyro-cli describe`` and ``gen stubs``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pyro_cli.output import Output, output_options
from pyro_client.commands.targets import TARGET, open_proxy, proxy_options

if TYPE_CHECKING:
    from pyro_core.descriptions import ClassDescription


@click.command()
@click.argument("target", type=TARGET)
@proxy_options
@output_options
def describe(output: Output, target: str, **options: Any) -> None:
    """Print what the object TARGET offers, and how its server is spoken to.

    A server of ours tells signatures and docs as well.

    Example: pyro-cli describe Pyro.NameServer
    """
    from pyro_core.descriptions import ClassDescription

    with open_proxy(target, **options) as proxy:
        proxy._pyro.bind()
        known = proxy._pyro.metadata
        facts: dict[str, Any] = {
            "uri": str(proxy._pyro.uri),
            "address": str(proxy._pyro.resolved_uri),
            "protocol": proxy._pyro.version,
            "serializer": proxy._pyro.serializer,
            "methods": sorted(known.methods),
            "oneway": sorted(known.oneway),
            "attributes": sorted(known.attrs),
        }
        described = proxy._pyro.describe()
    if described != ClassDescription() and not output.for_people:  # a stock server tells names only
        facts["description"] = described.to_wire()
    output.record(facts)
    if output.for_people:
        for line in _signatures(described):
            click.echo(line)


@click.command()
@click.argument("target", type=TARGET)
@click.option("--async", "awaited", is_flag=True, help="For an AsyncProxy: its methods are awaited.")
@click.option("--name", help="Name of the interface; by default that of the remote class.")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="File to write; else printed.")
@proxy_options
def stubs(target: str, awaited: bool, name: str | None, output: str | None, **options: Any) -> None:
    """Write the interface of the object TARGET as a Protocol, for connect() and type checkers.

    Types that are not part of Python become Any, and a comment says so. A stock server tells names only.

    Example: pyro-cli gen stubs greeter --output greeter.py
    """
    from pyro_client.stubs import stub

    with open_proxy(target, **options) as proxy:
        control = proxy._pyro
        metadata, description = control.known_metadata(), control.describe()
    try:
        text = stub(control.uri, metadata, description, name=name, awaited=awaited)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--name") from problem
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")


def _signatures(described: "ClassDescription") -> Iterator[str]:
    """A line for each member, with what it takes and gives, and one with the beginning of its docs."""
    from pyro_client.remote_members import signature_of
    from pyro_core.descriptions import ASYNC

    for method in described.methods.values():
        yield f"\n{'async ' * (method.kind == ASYNC)}{method.name}{signature_of(method)}"
        yield from _summary(method.doc)
    for attribute in described.attributes.values():
        access = "" if attribute.writable else "  (read only)"
        yield f"\n{attribute.name}: {attribute.annotation or 'Any'}{access}"
        yield from _summary(attribute.doc)


def _summary(doc: str) -> list[str]:
    return [f"    {doc.splitlines()[0]}"] if doc else []
