"""``pyro-cli call`` and ``attr``."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from pyro_cli.output import Output, output_options
from pyro_client.commands.arguments import keywords_of, value_of
from pyro_client.commands.targets import TARGET, complete_member, open_proxy, proxy_options

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("target", type=TARGET)
@click.argument("method", shell_complete=complete_member)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-k", "--kw", "pairs", multiple=True, metavar="NAME=VALUE", help="A keyword argument; may be repeated."
)
@click.option("--text", "as_text", is_flag=True, help="Take all arguments for text, whatever they look like.")
@click.option("--stream", is_flag=True, help="Print the items of a list one by one, as those of an iterator.")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many items.")
@click.option("--oneway", is_flag=True, help="Do not wait for the answer, and print nothing.")
@proxy_options
@output_options
def call(
    output: Output,
    target: str,
    method: str,
    args: tuple[str, ...],
    pairs: tuple[str, ...],
    as_text: bool,
    stream: bool,
    limit: int | None,
    oneway: bool,
    **options: Any,
) -> None:
    """Call METHOD of the object TARGET and print what it returns.

    TARGET is a URI, or just a name. Arguments are Python literals or JSON, such as 3, True, "['a', 'b']",
    '{"a": null}'; anything else is text. A METHOD that is an attribute is read, if there are no arguments.
    The items of a remote iterator are printed as they come: in json and jsonl one a line.

    Example: pyro-cli call greeter greet you --kw times=2
    """
    values = [value_of(arg, as_text=as_text) for arg in args]
    keywords = keywords_of(pairs, as_text=as_text)
    with open_proxy(target, **options) as proxy:
        if oneway:
            _send(proxy, method, values, keywords)
            return
        if not values and not keywords and method in proxy._pyro.known_metadata().attrs:
            result = proxy._pyro.get(method)
        else:
            result = getattr(proxy, method)(*values, **keywords)
        if hasattr(type(result), "__next__"):
            with result:
                _print_items(result, output, limit)
        elif stream and isinstance(result, list | tuple | set | frozenset):
            _print_items(iter(result), output, limit)
        else:
            output.value(result)


@click.group()
def attr() -> None:
    """Read and write attributes of remote objects.

    Example: pyro-cli attr get warehouse size
    """


@attr.command("get")
@click.argument("target", type=TARGET)
@click.argument("name", shell_complete=complete_member)
@proxy_options
@output_options
def get_attribute(output: Output, target: str, name: str, **options: Any) -> None:
    """Print the attribute NAME of the object TARGET.

    Example: pyro-cli attr get warehouse size
    """
    with open_proxy(target, **options) as proxy:
        _check_attribute(proxy, name)
        output.value(proxy._pyro.get(name))


@attr.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("target", type=TARGET)
@click.argument("name", shell_complete=complete_member)
@click.argument("value", type=click.UNPROCESSED)
@click.option("--text", "as_text", is_flag=True, help="Take VALUE for text, whatever it looks like.")
@proxy_options
def set_attribute(target: str, name: str, value: str, as_text: bool, **options: Any) -> None:
    """Give the attribute NAME of the object TARGET a VALUE: a Python literal, JSON, or else text.

    Example: pyro-cli attr set warehouse size 12
    """
    with open_proxy(target, **options) as proxy:
        _check_attribute(proxy, name)
        proxy._pyro.set(name, value_of(value, as_text=as_text))


def _check_attribute(proxy: "Proxy", name: str) -> None:
    if name not in proxy._pyro.known_metadata().attrs:
        proxy._pyro._check_method(name)
        raise AttributeError(f"{name!r} is a method of {proxy._pyro.uri}; use 'pyro-cli call'", name=name)


def _send(proxy: "Proxy", method: str, args: list[Any], kwargs: dict[str, Any]) -> None:
    from pyro_core.wire.message import ONEWAY

    proxy._pyro.known_metadata()
    proxy._pyro._check_method(method)  # nobody would tell afterwards
    proxy._pyro.invoke(method, args, kwargs, flags=ONEWAY)


def _print_items(items: Iterator[Any], output: Output, limit: int | None) -> None:
    one_a_line = Output("jsonl") if output.format == "json" else output
    for item in islice(items, limit):
        one_a_line.value(item)
