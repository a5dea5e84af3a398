"""How commands are told which remote object is meant, and how to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from pyro_cli.contexts import settings_of
from pyro_core.settings import ClientSettings

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy

F = TypeVar("F", bound=Callable[..., Any])

COMPLETION_S = 1.0
"""How long somebody who presses the tab key waits for a server."""


class Target(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click only
    """The address of an object: ``PYRO:...``, ``PYRONAME:...``, ``PYROMETA:...``, or just its name."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from pyro_core.errors import PyroError
        from pyro_core.uri import URI

        text = str(value)
        try:
            return str(
                URI(
                    text
                    if text.upper().startswith(("PYRO:", "PYRONAME:", "PYROMETA:"))
                    else f"PYRONAME:{text}"
                )
            )
        except PyroError as problem:
            self.fail(str(problem), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names that the name server has, without PYRONAME: in front, as shells split at colons."""
        return [CompletionItem(name) for name in sorted(_names(incomplete))]


TARGET = Target()


def proxy_options(command: F) -> F:
    """Gives a command the options that ``open_proxy`` takes."""
    for option in (
        click.option("--serializer", help="Serializer for the requests, such as json."),
        click.option("--timeout", "timeout_s", type=float, help="Seconds that everything may take together."),
        click.option("--ns-host", help="Where to look for the name server."),
        click.option("--ns-port", type=click.IntRange(0, 65535), help="Its TCP port."),
    ):
        command = option(command)
    return command


def client_settings(
    serializer: str | None = None,
    timeout_s: float | None = None,
    ns_host: str | None = None,
    ns_port: int | None = None,
) -> ClientSettings:
    """The settings of the context and the environment, overridden by options that were given."""
    settings = settings_of(ClientSettings)
    changes: dict[str, Any] = {"serializer": serializer, "ns_host": ns_host, "ns_port": ns_port}
    if timeout_s is not None:
        changes["timeouts"] = replace(settings.timeouts, call_s=timeout_s)
    return replace(settings, **{name: value for name, value in changes.items() if value is not None})


def open_proxy(target: str, **options: Any) -> Proxy:
    """A proxy of the object that a command is about.

    Args:
        target: As ``TARGET`` made it.
        options: Those of ``proxy_options``.
    """
    from pyro_client.proxy import Proxy

    return Proxy(target, settings=client_settings(**options))


def complete_member(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The members of the target that begin like this."""
    found: list[str] = []
    with _silent(), open_proxy(ctx.params["target"], timeout_s=COMPLETION_S) as proxy:
        known = proxy._pyro.known_metadata()
        found = sorted(name for name in known.methods | known.attrs if name.startswith(incomplete))
    return found


def _names(prefix: str) -> list[str]:
    from pyro_client.naming import locate_ns

    found: list[str] = []
    with _silent(), locate_ns(broadcast=False, settings=client_settings(timeout_s=COMPLETION_S)) as names:
        found = list(names.list(prefix=prefix or None))
    return found


@contextmanager
def _silent() -> Iterator[None]:
    """Whoever presses the tab key wants completions or nothing: an error text would land in the command."""
    from pyro_core.errors import PyroError

    try:
        yield
    except (PyroError, OSError, AttributeError, KeyError):
        return
