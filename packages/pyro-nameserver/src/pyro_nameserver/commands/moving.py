"""Commands that move many names: out of a name server, into one, and between storages."""

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from pyro_cli.output import Output, output_options
from pyro_cli.progress import progress
from pyro_core.errors import NameOwned, NameTaken
from pyro_core.names import NAMESERVER_ID
from pyro_nameserver import transfer
from pyro_nameserver.commands.name_server import address_options, located, names_of
from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.spec import open_storage, without_password


@click.command()
@click.argument("file", default="-", metavar="[FILE]")
@click.option("--prefix", default="", help="Only names that begin with this.")
@click.option("-s", "--storage", metavar="SPEC", help="Read this storage instead of asking a name server.")
@address_options
def export(file: str, prefix: str, storage: str | None, **where: Any) -> None:
    """Write all names to FILE, or standard output, as lines of JSON.

    Example: pyro-cli ns export names.jsonl
    """
    if storage is not None:
        names = transfer.read_names(storage)
    else:
        with located(**where) as remote:
            names = names_of(remote)
    chosen = {name: entry for name, entry in names.items() if name.startswith(prefix)}
    chosen.pop(NAMESERVER_ID, None)
    lines = [f"{transfer.to_line(name, entry)}\n" for name, entry in sorted(chosen.items())]
    if file == "-":
        sys.stdout.writelines(lines)
        return
    _write(Path(file), lines)
    click.echo(f"exported {len(lines)} names to {file}", err=True)


@click.command("import")
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
@click.option("--replace", is_flag=True, help="Give names that are there what FILE says; else they stay.")
@click.option("--leased", is_flag=True, help="Also import leased names, under new leases with new owners.")
@click.option("-s", "--storage", metavar="SPEC", help="Write to this storage instead of a name server.")
@address_options
@output_options
def import_names(
    file: TextIO, replace: bool, leased: bool, storage: str | None, output: Output, **where: Any
) -> None:
    """Register the names that `ns export` wrote to FILE, or to standard input.

    Leased names are left out: their servers register them again. All lines are checked before the first name
    is registered.

    Example: pyro-cli ns import names.jsonl
    """
    found = transfer.from_lines(file, getattr(file, "name", "standard input"))
    names = {name: entry for name, entry in found.items() if leased or entry.ttl_s is None}
    if storage is not None:
        with open_storage(storage) as target:
            result = transfer.copy(names, target, replace=replace)
        count, kept = result.copied, result.kept + result.leased
    else:
        with located(**where) as remote:
            count, kept = _register(remote, names, replace)
    _report(output, count, kept, len(found) - len(names))


@click.command()
@click.argument("source")
@click.argument("target")
@click.option(
    "--replace", is_flag=True, help="Give names that are in TARGET what SOURCE says; else they stay."
)
@output_options
def migrate(source: str, target: str, replace: bool, output: Output) -> None:
    """Copy all names from the storage SOURCE, which stays as it is, to the storage TARGET.

    SOURCE may also be a sqlite or dbm file of a Pyro4 or Pyro5 name server. Leases go along, and last their
    full time again. Stop name servers that use SOURCE first, or they change what is not copied any more.

    Example: pyro-cli ns migrate pyro4-names.sql sqlite:names.sqlite
    """
    names = transfer.read_names(source)
    with open_storage(target) as storage:
        result = transfer.copy(dict(progress(names.items(), "copying", len(names))), storage, replace=replace)
    fields = {"source": without_password(source), "target": without_password(target), **result._asdict()}
    if output.for_people:
        _report(output, result.copied, result.kept, len(result.leased))
    else:
        output.record(fields)


def _register(remote: Any, names: Mapping[str, Entry], replace: bool) -> tuple[int, list[str]]:
    count, kept = 0, []
    for name, entry in progress(names.items(), "registering", len(names)):
        lease: dict[str, Any] = {} if entry.ttl_s is None else {"ttl": entry.ttl_s}
        try:
            remote.register(name, entry.uri, safe=not replace, metadata=sorted(entry.tags), **lease)
            count += 1
        except (NameTaken, NameOwned):
            kept.append(name)
    return count, kept


def _report(output: Output, count: int, kept: list[str], leased: int) -> None:
    if not output.for_people:
        output.record({"copied": count, "kept": kept, "leased": leased})
        return
    click.echo(f"copied {count} names")
    if kept:
        click.echo(f"{len(kept)} were there already and stay as they are; --replace changes them")
    if leased:
        click.echo(f"{leased} leased names were left out")


def _write(path: Path, lines: Iterable[str]) -> None:
    """The whole file or nothing."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
