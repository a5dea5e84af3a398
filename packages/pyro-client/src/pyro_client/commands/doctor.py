"""``pyro-cli doctor``: finds the usual mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Any

import click

from pyro_cli import exit_codes
from pyro_cli.contexts import Contexts, chosen_name
from pyro_cli.output import Output, output_options
from pyro_cli.progress import progress
from pyro_client.commands import findings
from pyro_client.commands.findings import OK, PROBLEM, WARNING, Finding
from pyro_client.commands.targets import TARGET, client_settings, proxy_options
from pyro_core.errors import PluginError, PyroError, SettingsError

if TYPE_CHECKING:
    from pyro_core.settings import ClientSettings

_PATIENCE_S = 3.0
_AT_ONCE = 16


@click.command()
@click.argument("targets", type=TARGET, nargs=-1)
@click.option(
    "--names", "all_names", is_flag=True, help="Also try the server of every name that is registered."
)
@proxy_options
@output_options
def doctor(output: Output, targets: tuple[str, ...], all_names: bool, **options: Any) -> None:
    """Look for the usual mistakes, and say what to do about each.

    Without TARGETs: the settings, the installed packages and the name server. With TARGETs also each of
    them: its name, address and host name, whether something listens there and answers, whether it accepts the
    serializer and has the object, and which version it speaks.

    The exit code is that of the first problem, and 0 if there are only warnings.

    Example: pyro-cli doctor warehouse
    """
    found: list[Finding] = []

    def rows() -> Iterator[dict[str, Any]]:
        for each in _examine(targets, all_names, options):
            found.append(each)
            yield vars(each)

    if output.format in ("json", "yaml"):
        output.rows(rows(), [])
    elif output.for_people:
        for row in rows():
            click.echo(f"{row['state']:8} {row['check']}: {row['subject']}: {row['finding']}")
            if row["next_step"]:
                click.echo(f"{'':8} -> {row['next_step']}")
    else:
        output.stream(rows(), ("check", "subject", "state", "finding", "next_step", "code"))
    click.get_current_context().exit(next((each.code for each in found if each.state == PROBLEM), 0))


def _examine(targets: tuple[str, ...], all_names: bool, options: dict[str, Any]) -> Iterator[Finding]:
    options = {**options, "timeout_s": options["timeout_s"] or _PATIENCE_S}
    try:
        settings = findings.patient(client_settings(**options), options["timeout_s"])
        context = chosen_name(Contexts())
    except SettingsError as error:
        yield findings.problem("settings", error.name, str(error), "correct it", exit_codes.USAGE)
        return
    yield Finding("settings", f"context {context}" if context else "environment", OK, "can be used")
    yield from _packages()
    serializer = _serializer(settings)
    yield serializer
    if serializer.state == PROBLEM:
        return  # nothing can be said to anybody
    if all_names or not targets or any(not target.startswith("PYRO:") for target in targets):
        there = True
        for each in _name_server(settings, all_names=all_names):
            there = there and (each.check, each.state) != ("name server", PROBLEM)
            yield each
        if not there:
            targets = tuple(target for target in targets if target.startswith("PYRO:"))
    for target in targets:
        yield from findings.examine(target, settings)


def _packages() -> Iterator[Finding]:
    """Packages of this family that were not made for each other, as upgrading one of them leaves behind."""
    versions = {
        str(dist.metadata["Name"]): dist.version
        for dist in metadata.distributions()
        if str(dist.metadata["Name"]).startswith("pyro-")
    }
    core = versions.get("pyro-core", "")
    series = core.rpartition(".")[0]
    others = [
        f"{name} {version}"
        for name, version in sorted(versions.items())
        if version.rpartition(".")[0] != series
    ]
    if others and core:
        yield Finding(
            "packages",
            "this Python",
            WARNING,
            f"pyro-core is {core}, but there are {', '.join(others)}",
            f"pip install --upgrade {' '.join(sorted(versions))}",
        )
    else:
        yield Finding("packages", "this Python", OK, f"all of version {series}")


def _serializer(settings: ClientSettings) -> Finding:
    from pyro_core import plugins

    name = settings.serializer
    if name != "auto":
        try:
            plugins.serializers().load(name)
        except PluginError as error:
            what, _, remedy = str(error).rpartition("; ")
            return findings.problem("serializer", name, what, remedy, exit_codes.PLUGIN)
    return Finding("serializer", name, OK, "is installed")


def _name_server(settings: ClientSettings, *, all_names: bool) -> Iterator[Finding]:
    from pyro_client.naming import locate_ns
    from pyro_core.errors import NameServerNotFound

    try:
        with locate_ns(settings=settings) as names:
            where = str(names._pyro.uri.location)
            yield Finding("name server", where, OK, "answers")
            yield findings.version_of(where, names)
            registered = names.list() if all_names else {}
    except NameServerNotFound as error:
        for place, reason in error.tried:
            yield _why_not(place, reason, settings)
        yield findings.problem(
            "name server",
            settings.ns_host,
            "there is none",
            "start one with 'pyro-cli ns serve', or name its address with PYRO_NS_HOST and PYRO_NS_PORT",
            exit_codes.UNREACHABLE,
        )
        return
    yield from _stale_names(registered, settings)


def _why_not(place: str, reason: str, settings: ClientSettings) -> Finding:
    """What came of one place where a name server was looked for."""
    from pyro_client.proxy import Proxy
    from pyro_core.names import NAMESERVER_ID
    from pyro_core.uri import URI

    try:
        address = URI(f"PYRO:{NAMESERVER_ID}@{place}")
    except PyroError:  # a search, not an address
        return Finding("name server", place, WARNING, reason)
    with Proxy(address, settings=settings) as proxy:
        try:
            proxy._pyro.bind()
        except PyroError as error:
            return findings.not_connected(place, address, settings, error)
    return Finding("name server", place, WARNING, f"answers now, and did not before: {reason}")


def _stale_names(registered: dict[str, str], settings: ClientSettings) -> Iterator[Finding]:
    from concurrent.futures import ThreadPoolExecutor

    def broken(entry: tuple[str, str]) -> list[Finding]:
        name, uri = entry
        return [_as_stale(name, each) for each in findings.examine(uri, settings) if each.state == PROBLEM]

    if not registered:
        return
    count = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        examined = pool.map(broken, sorted(registered.items()))
        for each in progress(examined, "trying all names", len(registered)):
            count += bool(each)
            yield from each
    if not count:
        yield Finding("names", f"{len(registered)} names", OK, "all answer")


def _as_stale(name: str, found: Finding) -> Finding:
    step = f"{found.next_step}; if it is gone for good: 'pyro-cli ns remove {name}'"
    return Finding("names", name, PROBLEM, found.finding, step, found.code)
