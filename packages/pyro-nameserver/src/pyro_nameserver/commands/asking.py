"""Commands that ask a name server and change nothing."""

import time
from typing import Any, Final

import click

from pyro_cli.contexts import settings_of
from pyro_cli.output import Output, output_options
from pyro_core.errors import NameServerNotFound, PyroError
from pyro_core.names import NAMESERVER_ID
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_nameserver.commands.name_server import address_options, located, offers

_REACH_S: Final = 2.0
"""How long to try to reach a name server that was discovered."""
_COLUMNS: Final = ("name", "uri", "tags")


@click.command()
@address_options
@output_options
def ping(output: Output, **where: Any) -> None:
    """Whether the name server answers, and where it is.

    Example: pyro-cli ns ping
    """
    with located(**where) as remote:
        remote.ping()
        uri = str(remote.lookup(NAMESERVER_ID))
    if output.for_people:
        click.echo(f"{uri} answers")
    else:
        output.record({"uri": uri})


@click.command()
@address_options
@output_options
def status(output: Output, **where: Any) -> None:
    """What kind of name server answers, how fast, and how many names it has.

    Example: pyro-cli ns status --json
    """
    with located(**where) as remote:
        began = time.perf_counter()
        remote.ping()
        round_trip_s = time.perf_counter() - began
        output.record({**_facts(remote), "round_trip_ms": round(round_trip_s * 1000, 2)})


@click.command()
@click.option("--timeout", "wait_s", type=float, default=1.0, help="Seconds to wait for answers. Default: 1.")
@click.option("--port", type=click.IntRange(1, 65535), help="UDP port. Default: 9091, or PYRO_NS_BCPORT.")
@click.option(
    "--address", "addresses", multiple=True, help="Where to ask; may be repeated. Default: everybody."
)
@output_options
def discover(output: Output, wait_s: float, port: int | None, addresses: tuple[str, ...]) -> None:
    """Ask the local network by broadcast which name servers there are.

    Example: pyro-cli ns discover --timeout 3
    """
    from pyro_client.broadcast import ask_all

    settings = settings_of(ClientSettings)
    places = addresses or settings.broadcast_addresses
    port = settings.ns_broadcast_port if port is None else port
    found = [str(uri) for uri in ask_all(places, port, wait_s)]
    if not found:
        where = f"broadcast to {', '.join(places)} port {port}"
        raise NameServerNotFound([(where, f"no answer within {wait_s:g} s")])
    output.rows([_known(uri) for uri in found], columns=("uri", "answers", "kind", "names"))


@click.command("list")
@click.argument("prefix", default="")
@click.option("--regex", help="Only names whose beginning matches this regular expression.")
@click.option("--all", "every", multiple=True, metavar="TAG", help="Only names with all of these tags.")
@click.option("--any", "some", multiple=True, metavar="TAG", help="Only names with one of these tags.")
@click.option("--watch", is_flag=True, help="Go on with each change as it happens; see `ns watch`.")
@address_options
@output_options
def list_names(
    prefix: str,
    regex: str | None,
    every: tuple[str, ...],
    some: tuple[str, ...],
    watch: bool,
    output: Output,
    **where: Any,
) -> None:
    """Names, addresses and tags; only names with PREFIX if given.

    Example: pyro-cli ns list example. --json
    """
    if sum(map(bool, (prefix, regex, every, some))) > 1:
        raise click.UsageError("give only one of PREFIX, --regex, --all and --any")
    if watch:
        if regex or every or some:
            raise click.UsageError("--watch goes with PREFIX only")
        from pyro_nameserver.commands.watching import show_changes

        show_changes(output, 0, prefix, where)
        return
    with located(**where) as remote:
        if every or some:
            found = _tagged(remote, list(every), list(some))
        else:
            found = remote.list(prefix=prefix or None, regex=regex, return_metadata=True)
    rows = [
        {"name": name, "uri": str(uri), "tags": sorted(tags)} for name, (uri, tags) in sorted(found.items())
    ]
    output.rows(rows, columns=_COLUMNS)


@click.command()
@click.argument("name")
@address_options
@output_options
def lookup(name: str, output: Output, **where: Any) -> None:
    """Address and tags of NAME.

    Example: pyro-cli ns lookup example.warehouse
    """
    with located(**where) as remote:
        uri, tags = remote.lookup(name, return_metadata=True)
    if output.for_people:
        click.echo(f"{uri}  [{', '.join(sorted(tags))}]" if tags else str(uri))
    else:
        output.record({"name": name, "uri": str(uri), "tags": sorted(tags)})


def _known(uri: str) -> dict[str, Any]:
    """What a discovered name server says of itself, if it can be reached."""
    unknown = {"uri": uri, "answers": False, "kind": None, "names": None}
    try:
        place = URI(uri)
        with located(place.host, place.port, timeout_s=_REACH_S) as remote:
            return {**unknown, **_facts(remote), "uri": uri, "answers": True}
    except PyroError as problem:
        return {**unknown, "problem": str(problem)}


def _facts(remote: Any) -> dict[str, Any]:
    has_leases, has_tags = offers(remote, "renew"), offers(remote, "yplookup")
    return {
        "uri": str(remote._pyro.uri),
        "kind": "pyro-nameserver" if has_leases else "Pyro5" if has_tags else "Pyro4",
        "names": remote.count(),
        "leases": has_leases,
        "watch": offers(remote, "watch"),
        "protocol": remote._pyro.version,
    }


def _tagged(remote: Any, every: list[str], some: list[str]) -> dict[str, Any]:
    """Search by tags; a Pyro4 name server has another method for it than a Pyro5 one."""
    if offers(remote, "yplookup"):
        found: dict[str, Any] = remote.yplookup(meta_all=every or None, meta_any=some or None)
    else:
        found = remote.list(metadata_all=every or None, metadata_any=some or None, return_metadata=True)
    return found
