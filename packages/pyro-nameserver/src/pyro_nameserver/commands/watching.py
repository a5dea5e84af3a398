"""``pyro-cli ns watch``: changes as they happen, also over a restart of the name server."""

import itertools
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from pyro_cli.output import Output, output_options
from pyro_core.errors import PyroError, SecurityError
from pyro_nameserver.commands.name_server import address_options, located, require

_PAUSES_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
_QUIET_S: Final = 60.0
"""A name server that says nothing for so long is gone: it shows a sign of life more often than that."""
_COLUMNS: Final = ("change", "name", "uri", "tags", "revision")


@click.command()
@click.argument("prefix", default="")
@click.option(
    "--from", "from_revision", type=int, metavar="REVISION", help="Go on after it; 0: all names first."
)
@click.option("--count", type=click.IntRange(1), help="End after so many lines.")
@address_options
@output_options
def watch(prefix: str, from_revision: int | None, count: int | None, output: Output, **where: Any) -> None:
    """Changes of names with PREFIX as they happen: added, changed, removed, expired.

    It goes on after a restart of the name server, without missing a change. --from takes up where an earlier
    one ended: its last revision that is not 0.

    Example: pyro-cli ns watch example. --format jsonl
    """
    show_changes(output, from_revision, prefix, where, count)


def show_changes(
    output: Output,
    from_revision: int | None,
    prefix: str,
    where: Mapping[str, Any],
    count: int | None = None,
) -> None:
    """Print changes until Ctrl-C; those that there are at the beginning are ``present``."""
    output.stream(itertools.islice(_changes(from_revision, prefix, where), count), columns=_COLUMNS)


def _changes(revision: int | None, prefix: str, where: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    listing = False
    for item in _items(revision, prefix, where):
        kind = item["kind"]
        listing = kind == "reset" or (listing and kind != "current")
        if kind not in ("reset", "current"):
            yield {
                "change": "present" if listing and kind == "added" else kind,
                "name": item["name"],
                "uri": item.get("uri"),
                "tags": item.get("tags", []),
                "ttl": item.get("ttl"),
                "revision": item["revision"],
            }


def _items(revision: int | None, prefix: str, where: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All that the name server tells, and what the next one tells when that is gone."""
    failures: int | None = None  # since the last sign of life; none before the first
    timeout_s = where.get("timeout_s") or _QUIET_S
    while True:
        try:
            with located(**{**where, "timeout_s": timeout_s}) as remote:
                require(remote, "watch", "changes to watch")
                with remote.watch(revision, prefix) as items:
                    for item in items:
                        failures = 0
                        revision = item["revision"]
                        yield item
        except PyroError as problem:
            # A name server that was started again says of the stream that it does not know it.
            if failures is None or isinstance(problem, SecurityError):
                raise
            if not failures:
                click.echo(f"the name server is gone, trying again: {problem}", err=True)
            time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1
