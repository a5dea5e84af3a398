"""The ``ns`` group of ``pyro-cli``: run a name server, and ask one."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import click

from pyro_core.errors import NameNotFound
from pyro_core.settings import NameServerSettings


@click.group()
def ns() -> None:
    """Run a name server, or ask one.

    Example: pyro-cli ns list --prefix example.
    """


@ns.command()
@click.option("-n", "--host", help="Host name or address to listen on. Default: localhost.")
@click.option("-p", "--port", type=click.IntRange(0, 65535), help="TCP port; 0: any free one. Default: 9090.")
@click.option("-u", "--unixsocket", metavar="PATH", help="Listen on this Unix socket instead.")
@click.option(
    "-s",
    "--storage",
    metavar="SPEC",
    help="memory (default), sqlite:FILE, etcd:HOST:PORT,..., postgres:CONNINFO, or a plugin's.",
)
@click.option("--bchost", metavar="HOST", help="Address to listen on for broadcasts. Default: all.")
@click.option("--bcport", type=click.IntRange(0, 65535), help="UDP port for broadcasts. Default: 9091.")
@click.option("--nathost", metavar="HOST", help="Host name under which to publish it.")
@click.option("--natport", type=click.IntRange(0, 65535), help="Port under which to publish it.")
@click.option("-x", "--nobc", is_flag=True, help="Do not answer broadcasts.")
@click.option("--autoclean", "autoclean_s", type=float, help="Seconds between checks for dead servers.")
def serve(bchost: str | None, bcport: int | None, nobc: bool, **options: Any) -> None:
    """Run a name server until Ctrl-C or SIGTERM.

    Example: pyro-cli ns serve --storage sqlite:names.db
    """
    from pyro_nameserver.service import start_ns_loop, with_changes

    given = {
        **options,
        "broadcast_host": bchost,
        "broadcast_port": bcport,
        "broadcast": False if nobc else None,
    }
    settings = with_changes(NameServerSettings.from_environ(), given)
    start_ns_loop(settings, announce=lambda text: print(text, flush=True))
    click.echo("Name server stopped.")


def _address_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which name server to ask, and how to print."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("-u", "--unixsocket", metavar="PATH", help="Unix socket of the name server."),
        click.option("-p", "--port", type=click.IntRange(0, 65535), help="Port of the name server."),
        click.option("-n", "--host", help="Host of the name server. Default: PYRO_NS_HOST, or search."),
    ):
        command = option(command)
    return command


@ns.command("list")
@click.argument("prefix", default="")
@click.option("--regex", help="Only names whose beginning matches this regular expression.")
@click.option("--all", "every", multiple=True, metavar="TAG", help="Only names with all of these tags.")
@click.option("--any", "some", multiple=True, metavar="TAG", help="Only names with one of these tags.")
@_address_options
def list_names(
    prefix: str, regex: str | None, every: tuple[str, ...], some: tuple[str, ...], as_json: bool, **where: Any
) -> None:
    """Names, addresses and tags; only names with PREFIX if given.

    Example: pyro-cli ns list example. --json
    """
    if sum(map(bool, (prefix, regex, every, some))) > 1:
        raise click.UsageError("give only one of PREFIX, --regex, --all and --any")
    with _locate(**where) as remote:
        if every or some:
            found = _tagged(remote, list(every), list(some))
        else:
            found = remote.list(prefix=prefix or None, regex=regex, return_metadata=True)
    names = {name: (uri, sorted(tags)) for name, (uri, tags) in sorted(found.items())}
    if as_json:
        facts = {name: {"uri": uri, "tags": tags} for name, (uri, tags) in names.items()}
        click.echo(json.dumps(facts, indent=2))
        return
    for name, (uri, tags) in names.items():
        click.echo(f"{name} --> {uri}{_in_brackets(tags)}")


@ns.command()
@click.argument("name")
@_address_options
def lookup(name: str, as_json: bool, **where: Any) -> None:
    """Address and tags of NAME.

    Example: pyro-cli ns lookup example.warehouse
    """
    with _locate(**where) as remote:
        uri, tags = remote.lookup(name, return_metadata=True)
    if as_json:
        click.echo(json.dumps({"name": name, "uri": str(uri), "tags": sorted(tags)}, indent=2))
        return
    click.echo(f"{uri}{_in_brackets(sorted(tags))}")


@ns.command()
@click.argument("name")
@click.argument("uri")
@click.option("--tag", "tags", multiple=True, help="Give the name this tag; may be repeated.")
@click.option("--safe", is_flag=True, help="Fail if the name is registered already.")
@_address_options
def register(name: str, uri: str, tags: tuple[str, ...], safe: bool, as_json: bool, **where: Any) -> None:
    """Register URI under NAME.

    Example: pyro-cli ns register example.warehouse PYRO:store@localhost:4444
    """
    with _locate(**where) as remote:
        remote.register(name, uri, safe=safe, metadata=list(tags))
    click.echo(json.dumps({"registered": name}) if as_json else f"registered {name}")


@ns.command()
@click.argument("name", default="")
@click.option("--prefix", help="Remove all names that begin with this.")
@click.option("--regex", help="Remove all names whose beginning matches this regular expression.")
@_address_options
def remove(name: str, prefix: str | None, regex: str | None, as_json: bool, **where: Any) -> None:
    """Remove NAME, or all names that fit.

    Example: pyro-cli ns remove --prefix test.
    """
    if sum(map(bool, (name, prefix, regex))) != 1:
        raise click.UsageError("give one of NAME, --prefix and --regex")
    with _locate(**where) as remote:
        count = remote.remove(name=name or None, prefix=prefix, regex=regex)
    if name and not count:
        raise NameNotFound(name)
    click.echo(json.dumps({"removed": count}) if as_json else f"removed {count}")


@ns.command()
@_address_options
def ping(as_json: bool, **where: Any) -> None:
    """Whether the name server answers, and where it is.

    Example: pyro-cli ns ping
    """
    with _locate(**where) as remote:
        remote.ping()
        uri = remote.lookup("Pyro.NameServer")
    click.echo(json.dumps({"uri": str(uri)}) if as_json else f"{uri} answers")


def _locate(host: str | None, port: int | None, unixsocket: str | None) -> AbstractContextManager[Any]:
    from pyro_client.naming import locate_ns

    remote: AbstractContextManager[Any] = locate_ns(f"./u:{unixsocket}" if unixsocket else host, port)
    return remote


def _tagged(remote: Any, every: list[str], some: list[str]) -> dict[str, Any]:
    """Search by tags; a Pyro4 name server has another method for it than a Pyro5 one."""
    try:
        found: dict[str, Any] = remote.yplookup(meta_all=every or None, meta_any=some or None)
    except AttributeError:
        found = remote.list(metadata_all=every or None, metadata_any=some or None, return_metadata=True)
    return found


def _in_brackets(tags: list[str]) -> str:
    return f"  [{', '.join(tags)}]" if tags else ""
