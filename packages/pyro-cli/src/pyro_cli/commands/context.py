"""``pyro-cli context``: named sets of settings, to switch between places."""

import tomllib
from collections.abc import Iterator
from typing import Any

import click

from pyro_cli.contexts import PARTS, SECRETS, Contexts, Table, chosen_name
from pyro_cli.output import Output, output_options
from pyro_core.errors import SettingsError


@click.group()
def context() -> None:
    """Named sets of settings: name server, TLS, timeouts; one for each place where your system runs.

    Example: pyro-cli context set production ns_host=names.example.org
    """


@context.command("list")
@output_options
def list_contexts(output: Output) -> None:
    """All contexts; the current one is marked.

    Example: pyro-cli context list
    """
    contexts = Contexts()
    used = chosen_name(contexts)
    rows = [
        {
            "name": name,
            "current": name == used,
            "name_server": _name_server(contexts.table(name)),
        }
        for name in contexts
    ]
    output.rows(rows, ("name", "current", "name_server"))


@context.command("use")
@click.argument("name")
def use_context(name: str) -> None:
    """Use the context NAME from now on; with "" none.

    Example: pyro-cli context use production
    """
    contexts = Contexts()
    if name:
        contexts.table(name)
    contexts.current = name
    contexts.save()
    click.echo(f"using {name}" if name else "using no context")


@context.command("set")
@click.argument("name")
@click.argument("changes", nargs=-1, required=True, metavar="SETTING=VALUE...")
def set_context(name: str, changes: tuple[str, ...]) -> None:
    """Make the context NAME, or change settings of it. An empty VALUE takes a setting out again.

    A SETTING is one of ClientSettings; those of servers and name servers begin with "server." and
    "nameserver.". 'pyro-cli config show' has all their names.

    Example: pyro-cli context set production ns_host=names.example.org tls.cafile=/etc/pyro/authority.pem
    """
    contexts = Contexts()
    table = contexts.table(name) if name in contexts else {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not key:
            raise click.UsageError(f"expected SETTING=VALUE, got {change!r}")
        _change(table, key if key.partition(".")[0] in PARTS else f"client.{key}", text)
    contexts.put(name, table)
    contexts.save()
    click.echo(f"saved {name} in {contexts.path}")


@context.command("show")
@click.argument("name", default="")
@output_options
def show_context(name: str, output: Output) -> None:
    """The settings of the context NAME, or of the one in force. Passwords and tokens are not shown.

    Example: pyro-cli context show production
    """
    contexts = Contexts()
    name = name or chosen_name(contexts)
    if not name:
        raise click.UsageError(
            "no context is in force; name one, or choose one with 'pyro-cli context use NAME'"
        )
    rows = [{"name": key, "value": value} for key, value in _flat(contexts.table(name))]
    output.rows(rows, ("name", "value"))


@context.command("delete")
@click.argument("name")
def delete_context(name: str) -> None:
    """Take the context NAME out of the file.

    Example: pyro-cli context delete staging
    """
    contexts = Contexts()
    contexts.remove(name)
    contexts.save()
    click.echo(f"deleted {name}")


def _change(table: Table, key: str, text: str) -> None:
    """Set one setting to what a text means for it: the first reading of it that the settings accept."""
    part, *path = key.split(".")
    problems = []
    for value in _readings(text):
        changed = _with(table.get(part, {}), path, value)
        try:
            PARTS[part].from_mapping(changed, where=part)
        except SettingsError as problem:
            problems.append(problem)
        else:
            table[part] = changed
            return
    raise problems[0]


def _readings(text: str) -> Iterator[Any]:
    if not text:
        yield None
        return
    try:
        yield tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        pass
    yield text
    yield text.split(",")


def _with(table: Table, path: list[str], value: Any) -> Table:
    """A copy of nested tables with one entry changed, or taken out if the value is None."""
    name, *rest = path
    changed = dict(table)
    if rest:
        inner = changed.get(name)
        changed[name] = _with(inner if isinstance(inner, dict) else {}, rest, value)
    elif value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return changed


def _flat(table: Table, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif any(word in name for word in SECRETS):
            yield f"{prefix}{name}", "********"
        else:
            yield f"{prefix}{name}", value


def _name_server(table: Table) -> str | None:
    client = table.get("client", {})
    host, port = client.get("ns_host"), client.get("ns_port")
    return host if port is None else f"{host or ''}:{port}"
