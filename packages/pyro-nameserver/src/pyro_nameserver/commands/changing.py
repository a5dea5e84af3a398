"""Commands that change what a name server knows."""

from typing import Any

import click

from pyro_cli import exit_codes
from pyro_cli.output import Output, output_options
from pyro_cli.progress import progress
from pyro_core.errors import NameNotFound, NameOwned, PyroError
from pyro_core.names import NAMESERVER_ID
from pyro_core.uri import URI
from pyro_nameserver.commands.name_server import (
    address_options,
    located,
    names_of,
    owned_by,
    owner_option,
    require,
)


@click.command()
@click.argument("name")
@click.argument("uri")
@click.option("--tag", "tags", multiple=True, help="Give the name this tag; may be repeated.")
@click.option("--safe", is_flag=True, help="Fail if the name is registered already.")
@click.option("--ttl", type=float, metavar="SECONDS", help="Lease it: it vanishes unless renewed in time.")
@owner_option
@address_options
@output_options
def register(
    name: str,
    uri: str,
    tags: tuple[str, ...],
    safe: bool,
    ttl: float | None,
    owner: str | None,
    output: Output,
    **where: Any,
) -> None:
    """Register URI under NAME, for good or under a lease.

    A lease has an owner's token, which is printed; it is needed to renew the name and to change it.

    Example: pyro-cli ns register example.warehouse PYRO:store@localhost:4444 --ttl 60
    """
    with located(**where) as remote:
        lease: dict[str, Any] = {} if ttl is None else {"ttl": ttl}
        if lease or owner:
            require(remote, "renew", "leases")
        token = remote.register(name, uri, safe=safe, metadata=list(tags), **lease, **owned_by(owner))
    fields = {"registered": name} if ttl is None else {"registered": name, "owner": token, "ttl": ttl}
    if output.for_people:
        click.echo(f"registered {name}")
        if ttl is not None:
            click.echo(f"owner's token: {token}; renew with: pyro-cli ns renew {name} --owner {token}")
    else:
        output.record(fields)


@click.command()
@click.argument("names", nargs=-1, required=True)
@owner_option
@address_options
@output_options
def renew(names: tuple[str, ...], owner: str | None, output: Output, **where: Any) -> None:
    """Make the leases of NAMES last their full time again; exit code 3 if one of them has ended.

    Example: pyro-cli ns renew example.warehouse --owner TOKEN
    """
    if owner is None:
        raise click.UsageError("--owner is missing: the token that `ns register --ttl` printed")
    with located(**where) as remote:
        require(remote, "renew", "leases")
        ended = set(remote.renew(list(names), owner))
    output.rows([{"name": name, "renewed": name not in ended} for name in names], columns=("name", "renewed"))
    if ended:
        click.echo(
            f"Error: no lease of this owner (any more): {', '.join(sorted(ended))}; register again", err=True
        )
        click.get_current_context().exit(exit_codes.NOT_FOUND)


@click.command()
@click.argument("name")
@click.option("--add", "added", multiple=True, metavar="TAG", help="Add this tag; may be repeated.")
@click.option("--drop", "dropped", multiple=True, metavar="TAG", help="Take this tag away; may be repeated.")
@click.option("--clear", is_flag=True, help="Take all tags away first.")
@owner_option
@address_options
@output_options
def tag(
    name: str,
    added: tuple[str, ...],
    dropped: tuple[str, ...],
    clear: bool,
    owner: str | None,
    output: Output,
    **where: Any,
) -> None:
    """Change the tags of NAME; without options show them.

    Example: pyro-cli ns tag example.warehouse --add blue --drop green
    """
    with located(**where) as remote:
        _, before = remote.lookup(name, return_metadata=True)
        tags = (set() if clear else set(before) - set(dropped)) | set(added)
        if tags != set(before):
            remote.set_metadata(name, sorted(tags), **owned_by(owner))
    if output.for_people:
        click.echo(f"{name}  [{', '.join(sorted(tags))}]")
    else:
        output.record({"name": name, "tags": sorted(tags)})


@click.command()
@click.argument("name", default="")
@click.option("--prefix", help="Remove all names that begin with this.")
@click.option("--regex", help="Remove all names whose beginning matches this regular expression.")
@owner_option
@address_options
@output_options
def remove(
    name: str, prefix: str | None, regex: str | None, owner: str | None, output: Output, **where: Any
) -> None:
    """Remove NAME, or all names that fit; of several, those that somebody has leased stay.

    Example: pyro-cli ns remove --prefix test.
    """
    if sum(map(bool, (name, prefix, regex))) != 1:
        raise click.UsageError("give one of NAME, --prefix and --regex")
    with located(**where) as remote:
        count = remote.remove(name=name or None, prefix=prefix, regex=regex, **owned_by(owner))
    if name and not count:
        raise NameNotFound(name)
    if output.for_people:
        click.echo(f"removed {count}")
    else:
        output.record({"removed": count})


@click.command()
@click.argument("prefix", default="")
@click.option("--yes", is_flag=True, help="Remove them; without this they are only listed.")
@address_options
@output_options
def prune(prefix: str, yes: bool, output: Output, **where: Any) -> None:
    """Find names whose servers do not answer from here, and remove them with --yes.

    Names that somebody has leased stay: their leases end by themselves.

    Example: pyro-cli ns prune test. --yes
    """
    from pyro_nameserver.autoclean import accepts_connections

    answers: dict[str, bool] = {}
    rows = []
    with located(**where) as remote:
        found = sorted(names_of(remote).items())
        for name, entry in progress(found, "trying servers", len(found)):
            place = _place(entry.uri)
            if (
                entry.ttl_s is not None
                or place is None
                or name == NAMESERVER_ID
                or not name.startswith(prefix)
            ):
                continue
            if place not in answers:
                answers[place] = accepts_connections(URI(entry.uri))
            if not answers[place]:
                rows.append({"name": name, "uri": entry.uri, "removed": yes and _remove(remote, name)})
    output.rows(rows, columns=("name", "uri", "removed"))
    if rows and not yes:
        click.echo("nothing was removed; do so with --yes", err=True)


def _place(text: str) -> str | None:
    """Where a server is; None if that cannot be tried."""
    try:
        uri = URI(text)
        return uri.location if uri.protocol == "PYRO" else None
    except (PyroError, ValueError):
        return None


def _remove(remote: Any, name: str) -> bool:
    try:
        return bool(remote.remove(name))
    except NameOwned:
        return False
