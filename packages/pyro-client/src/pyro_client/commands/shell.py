"""``pyro-cli shell``: a Python prompt with proxies in it."""

import code
import re
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import click

from pyro_cli.line_editing import complete_with, remembered
from pyro_client.commands.targets import TARGET, client_settings, open_proxy, proxy_options
from pyro_core import plugins

_MEMBER = re.compile(r"(\w+)\.(\w*)")


@click.command()
@click.argument("targets", nargs=-1, metavar="[NAME=]TARGET...")
@click.option("-c", "--command", help="Run this instead of reading from standard input.")
@click.option("--flame", metavar="LOCATION", help="A prompt in the process at that host:port instead.")
@proxy_options
def shell(targets: tuple[str, ...], command: str | None, flame: str | None, **options: Any) -> None:
    """A Python prompt with proxies of the TARGETs, called obj, obj2 ... unless a NAME is given.

    The tab key completes the members of the remote objects. The prompt also has connect("TARGET") for further
    proxies, names() for what the name server knows, and Proxy, URI, batch. Lines are kept in the file
    shell_history of the folder that 'pyro-cli config path' tells.

    Example: pyro-cli shell store=warehouse -c "print(store.contents())"
    """
    if flame is not None:
        if targets:
            raise click.UsageError(
                "--flame is a prompt in another process, which makes its own proxies: no TARGETs"
            )
        _in_another_process(flame, command, options)
        return
    from pyro_client import URI, Proxy, batch
    from pyro_client.naming import locate_ns

    closing = ExitStack()
    proxies = {
        name: closing.enter_context(open_proxy(target, **options))
        for name, target in _called(targets).items()
    }

    def connect(target: str) -> Proxy:
        """A proxy of the object with that address or name."""
        return closing.enter_context(open_proxy(TARGET(target), **options))

    def names(prefix: str = "") -> dict[str, str]:
        """Names and addresses that the name server knows."""
        with locate_ns(settings=client_settings(**options)) as name_server:
            return dict(name_server.list(prefix=prefix or None))

    space: dict[str, Any] = {
        "__name__": "__console__",
        "Proxy": Proxy,
        "URI": URI,
        "batch": batch,
        "connect": connect,
        "names": names,
        **proxies,
    }
    with closing:
        for proxy in proxies.values():
            proxy._pyro.bind()  # one that cannot be reached is told before anybody types
        if command is not None:
            exec(compile(command, "<command>", "exec"), space)
        elif sys.stdin.isatty():
            _converse(space, proxies)
        else:
            exec(compile(sys.stdin.read(), "<stdin>", "exec"), space)


def _in_another_process(location: str, command: str | None, options: dict[str, Any]) -> None:
    ctx = click.get_current_context()
    group: click.Group = plugins.commands().load("flame")
    if command is None:
        ctx.invoke(group.commands["console"], location=location, **options)
    else:
        ctx.invoke(group.commands["run"], location=location, file=None, command=command, **options)


def _called(targets: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, text in enumerate(targets, 1):
        name, equals, target = text.partition("=")
        if not equals:
            name, target = "obj" if number == 1 else f"obj{number}", text
        if not name.isidentifier():
            raise click.UsageError(f"expected NAME=TARGET with a name that Python accepts, got {text!r}")
        found[name] = TARGET(target)
    return found


def _converse(space: dict[str, Any], proxies: Mapping[str, Any]) -> None:
    lines = [f"{name} is {proxy!r}" for name, proxy in proxies.items()]
    banner = "\n".join([*lines, "Tab completes remote members; connect('NAME') makes a proxy; Ctrl-D ends."])
    complete_with(Completer(space).complete)
    with remembered("shell_history"):
        code.interact(banner, local=space, exitmsg="")


class Completer:
    """Completes names of Python, and the members of remote objects without calling anything remote.

    Args:
        space: The variables of the prompt.
    """

    def __init__(self, space: dict[str, Any]) -> None:
        import rlcompleter

        self._space = space
        self._plain = rlcompleter.Completer(space)
        self._found: list[str] = []

    def complete(self, text: str, state: int) -> str | None:
        """The completion number ``state`` of a text; None if there are no more."""
        from pyro_client.proxy import Proxy

        member = _MEMBER.fullmatch(text)
        proxy = self._space.get(member[1]) if member else None
        if member is None or not isinstance(proxy, Proxy):
            return self._plain.complete(text, state)
        if not state:
            self._found = self._members(proxy, member[1], member[2])
        return self._found[state] if state < len(self._found) else None

    def _members(self, proxy: Any, name: str, prefix: str) -> list[str]:
        known = proxy._pyro.metadata
        methods = [f"{name}.{one}(" for one in known.methods if one.startswith(prefix)]
        return sorted([*methods, *(f"{name}.{one}" for one in known.attrs if one.startswith(prefix))])
