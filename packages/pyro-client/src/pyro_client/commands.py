"""``pyro-cli call``, ``describe`` and ``gen``. The only module here that knows click."""

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from pyro_client.proxy import Proxy
from pyro_client.remote_members import signature_of
from pyro_client.stubs import stub
from pyro_core.descriptions import ASYNC, ClassDescription
from pyro_core.settings import ClientSettings

F = TypeVar("F", bound=Callable[..., Any])


def _proxy_options(command: F) -> F:
    for option in (
        click.option("--serializer", help="Serializer for the requests, such as json."),
        click.option("--timeout", "timeout_s", type=float, help="Seconds that everything may take together."),
        click.option("--ns-host", help="Where to look for the name server."),
        click.option("--ns-port", type=int, help="Its TCP port."),
    ):
        command = option(command)
    return command


def _common_options(command: F) -> F:
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return as_json(_proxy_options(command))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("uri")
@click.argument("method")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@_common_options
def call(uri: str, method: str, args: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Call METHOD of the object at URI and print what it returns.

    Arguments are Python literals such as 3, 2.5, True, "['a', 'b']"; anything else is text. A METHOD that is
    an attribute is read, if there are no arguments. The items of a remote iterator are printed one a line.

    Example: pyro-cli call PYRONAME:greeter greet you
    """
    with _proxy(uri, **options) as proxy:
        if not args and method in proxy._pyro.known_metadata().attrs:
            result = proxy._pyro.get(method)
        else:
            result = getattr(proxy, method)(*map(_value, args))
        for item in _lines(result):
            click.echo(json.dumps(item, default=str) if as_json else _text(item))


@click.command()
@click.argument("uri")
@_common_options
def describe(uri: str, as_json: bool, **options: Any) -> None:
    """Print what the object at URI offers, and how its server is spoken to.

    A server of ours tells signatures and docs as well.

    Example: pyro-cli describe PYRONAME:Pyro.NameServer
    """
    with _proxy(uri, **options) as proxy:
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
    if as_json:
        if described != ClassDescription():  # a stock server tells names only
            facts["description"] = described.to_wire()
        click.echo(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        click.echo(f"{name:12}{', '.join(value) or '-' if isinstance(value, list) else value}")
    for line in _signatures(described):
        click.echo(line)


@click.group()
def gen() -> None:
    """Write source code about remote objects."""


@gen.command()
@click.argument("uri")
@click.option("--async", "awaited", is_flag=True, help="For an AsyncProxy: its methods are awaited.")
@click.option("--name", help="Name of the interface; by default that of the remote class.")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="File to write; else printed.")
@_proxy_options
def stubs(uri: str, awaited: bool, name: str | None, output: str | None, **options: Any) -> None:
    """Write the interface of the object at URI as a Protocol, for connect() and type checkers.

    Types that are not part of Python become Any, and a comment says so. A stock server tells names only.

    Example: pyro-cli gen stubs PYRONAME:greeter --output greeter.py
    """
    with _proxy(uri, **options) as proxy:
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


def _proxy(
    uri: str, serializer: str | None, timeout_s: float | None, ns_host: str | None, ns_port: int | None
) -> Proxy:
    settings = ClientSettings.from_environ()
    changes: dict[str, Any] = {"serializer": serializer, "ns_host": ns_host, "ns_port": ns_port}
    settings = replace(settings, **{name: value for name, value in changes.items() if value is not None})
    proxy = Proxy(uri, settings=settings)
    if timeout_s is not None:
        proxy._pyro.timeout_s = timeout_s
    return proxy


def _value(text: str) -> Any:
    """An argument as typed: a Python literal if it is one, else the text itself."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _lines(result: Any) -> Iterator[Any]:
    if hasattr(type(result), "__next__"):
        with result:
            yield from result
    else:
        yield result


def _signatures(described: ClassDescription) -> Iterator[str]:
    """A line for each member, with what it takes and gives, and one with the beginning of its docs."""
    for method in described.methods.values():
        yield f"\n{'async ' * (method.kind == ASYNC)}{method.name}{signature_of(method)}"
        yield from _summary(method.doc)
    for attribute in described.attributes.values():
        access = "" if attribute.writable else "  (read only)"
        yield f"\n{attribute.name}: {attribute.annotation or 'Any'}{access}"
        yield from _summary(attribute.doc)


def _summary(doc: str) -> list[str]:
    return [f"    {doc.splitlines()[0]}"] if doc else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
