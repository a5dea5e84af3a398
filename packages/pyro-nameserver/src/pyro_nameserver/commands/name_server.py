"""What the commands have in common that talk to a name server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import click

from pyro_cli.contexts import settings_of
from pyro_core.errors import NamingError
from pyro_core.settings import ClientSettings
from pyro_nameserver.storage.base import Entry

F = TypeVar("F", bound=Callable[..., Any])

PATIENCE_S = 30.0
"""How long a command waits for an answer, unless it or the environment says otherwise."""


def address_options(command: F) -> F:
    """Options that say which name server to ask; the command gets them as keywords for ``located``."""
    for option in (
        click.option(
            "--timeout", "timeout_s", type=float, help="Seconds to wait for an answer. Default: 30."
        ),
        click.option("-u", "--unixsocket", metavar="PATH", help="Unix socket of the name server."),
        click.option("-p", "--port", type=click.IntRange(0, 65535), help="Port of the name server."),
        click.option("-n", "--host", help="Host of the name server. Default: PYRO_NS_HOST, or search."),
    ):
        command = option(command)
    return command


owner_option = click.option(
    "--owner",
    envvar="PYRO_NS_OWNER",
    metavar="TOKEN",
    help="Owner's token of a leased name, or PYRO_NS_OWNER.",
)


@contextmanager
def located(
    host: str | None = None,
    port: int | None = None,
    unixsocket: str | None = None,
    timeout_s: float | None = None,
) -> Iterator[Any]:
    """A proxy of the name server."""
    from pyro_client.naming import locate_ns

    settings = settings_of(ClientSettings)
    if timeout_s is not None or settings.timeouts.call_s is None:
        settings = replace(settings, timeouts=replace(settings.timeouts, call_s=timeout_s or PATIENCE_S))
    with locate_ns(f"./u:{unixsocket}" if unixsocket else host, port, settings=settings) as remote:
        yield remote


def offers(remote: Any, method: str) -> bool:
    """Whether a name server has a method."""
    return method in remote._pyro.known_metadata().methods


def require(remote: Any, method: str, what: str) -> None:
    """Check that a name server can do something that stock ones cannot.

    Raises:
        NamingError: If it cannot.
    """
    if not offers(remote, method):
        raise NamingError(
            f"the name server at {remote._pyro.uri.location} has no {what}: it is a stock one; "
            "run `pyro-cli ns serve` in its place"
        )


def owned_by(owner: str | None) -> dict[str, str]:
    """The keyword that stock name servers do not know, if it is needed."""
    return {} if owner is None else {"owner": owner}


def names_of(remote: Any) -> dict[str, Entry]:
    """All names, from a name server of any kind; only ours tell which are leased."""
    if not offers(remote, "watch"):
        found = remote.list(return_metadata=True)
        return {name: Entry(str(uri), frozenset(tags)) for name, (uri, tags) in found.items()}
    names = {}
    with remote.watch(0) as items:
        for item in items:
            if item["kind"] == "current":
                break
            if item["kind"] != "reset":
                names[item["name"]] = Entry(item["uri"], frozenset(item["tags"]), item["ttl"])
    return names
