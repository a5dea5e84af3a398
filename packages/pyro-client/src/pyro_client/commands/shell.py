"""``pyro-cli shell``: a Python prompt with proxies in it."""

import code
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from pyro_cli.contexts import folder
from pyro_client.commands.targets import TARGET, client_settings, open_proxy, proxy_options

_HISTORY = "shell_history"
_HISTORY_LINES = 2000
_MEMBER = re.compile(r"(\w+)\.(\w*)")


@click.command()
@click.argument("targets", nargs=-1, metavar="[NAME=]TARGET...")
@click.option("-c", "--command", help="Run this instead of reading from standard input.")
@proxy_options
def shell(targets: tuple[str, ...], command: str | None, **options: Any) -> None:
    """A Python prompt with proxies of the TARGETs, called obj, obj2 ... unless a NAME is given.

    The tab key completes the members of the remote objects. The prompt also has connect("TARGET") for further
    proxies, names() for what the name server knows, and Proxy, URI, batch. Lines are kept in the file
    shell_history of the folder that 'pyro-cli config path' tells.

    Example: pyro-cli shell store=warehouse -c "print(store.contents())"
    """
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
    save = _with_readline(space)
    try:
        code.interact(banner, local=space, exitmsg="")
    finally:
        save()


def _with_readline(space: dict[str, Any]) -> Callable[[], None]:
    """Switch on completion and history, where Python has readline; gives what saves the history."""
    try:
        import readline
    except ImportError:
        return lambda: None
    history = folder() / _HISTORY
    readline.set_completer(Completer(space).complete)
    editline = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if editline else "tab: complete")
    if history.exists():
        readline.read_history_file(history)
    before = readline.get_current_history_length()

    def save() -> None:
        if readline.get_current_history_length() > before:
            _make_private(history)
            readline.set_history_length(_HISTORY_LINES)
            readline.write_history_file(history)

    return save


def _make_private(path: Path) -> None:
    """Only the user is to see what was typed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)


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
