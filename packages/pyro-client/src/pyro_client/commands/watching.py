"""``pyro-cli watch`` and ``top``: what changes, as it changes."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from time import strftime
from typing import TYPE_CHECKING, Any

import click

from pyro_cli.output import Output, output_options
from pyro_client.commands.arguments import value_of
from pyro_client.commands.daemons import health_of
from pyro_client.commands.latencies import Latencies, milliseconds
from pyro_client.commands.targets import TARGET, client_settings, complete_member, open_proxy, proxy_options

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy

_AT_ONCE = 32
_HOME_AND_CLEAR = "\x1b[H\x1b[J"


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("target", type=TARGET)
@click.argument("method", shell_complete=complete_member)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-i", "--interval", "interval_s", type=click.FloatRange(0), default=2.0, help="Seconds between calls."
)
@click.option("-c", "--count", type=click.IntRange(1), help="Stop after so many calls. Default: never.")
@click.option(
    "--all", "every", is_flag=True, help="Print every result, not only those that differ from the last."
)
@proxy_options
@output_options
def watch(
    output: Output,
    target: str,
    method: str,
    args: tuple[str, ...],
    interval_s: float,
    count: int | None,
    every: bool,
    **options: Any,
) -> None:
    """Call METHOD of TARGET again and again, and print a row whenever the outcome changes.

    A METHOD that is an attribute is read. A call that fails is an outcome like others: the next one connects
    again. Ends with Ctrl-C.

    Example: pyro-cli watch warehouse contents --interval 5
    """
    values = [value_of(arg) for arg in args]

    def rows() -> Iterator[dict[str, Any]]:
        last: Any = None
        number = 0
        with open_proxy(target, **options) as proxy:
            while count is None or number < count:
                if number:
                    time.sleep(interval_s)
                number += 1
                outcome = _outcome(proxy, method, values)
                if every or outcome != last:
                    change = "first" if number == 1 else "same" if outcome == last else "changed"
                    yield {
                        "time": strftime("%H:%M:%S"),
                        "change": change,
                        **outcome,
                    }
                last = outcome

    output.stream(rows(), ("time", "change", "ok", "value"))


def _outcome(proxy: "Proxy", method: str, args: Sequence[Any]) -> dict[str, Any]:
    from pyro_core.errors import PluginError, SettingsError
    from pyro_core.remote_errors import remote_traceback_lines

    try:
        if not args and method in proxy._pyro.known_metadata().attrs:
            value = proxy._pyro.get(method)
        else:
            value = getattr(proxy, method)(*args)
        if hasattr(type(value), "__next__"):
            with value:
                value = list(value)
    except Exception as problem:
        wrong_here = isinstance(problem, AttributeError | PluginError | SettingsError)
        if wrong_here and not remote_traceback_lines(problem):
            raise  # such as a method that does not exist: waiting will not help
        return {"ok": False, "value": f"{type(problem).__name__}: {problem}"}
    return {"ok": True, "value": value}


@click.command()
@click.argument("targets", type=TARGET, nargs=-1)
@click.option("--prefix", help="Also all names in the name server that begin with this; '' for all names.")
@click.option(
    "-i", "--interval", "interval_s", type=click.FloatRange(0), default=2.0, help="Seconds between rounds."
)
@click.option("-c", "--count", type=click.IntRange(1), help="Stop after so many rounds. Default: never.")
@proxy_options
@output_options
def top(
    output: Output,
    targets: tuple[str, ...],
    prefix: str | None,
    interval_s: float,
    count: int | None,
    **options: Any,
) -> None:
    """Show how quickly the servers of several objects answer, slowest first. Ends with Ctrl-C.

    Our servers also tell how many connections they have, and how many calls run there, this one included.

    All of them are asked at the same time. On a terminal the table is drawn again and again; else the rows
    of each round follow each other.

    Example: pyro-cli top warehouse greeter --interval 1
    """
    known = [*targets, *(() if prefix is None else _named(prefix, options))]
    if not known:
        raise click.UsageError("nothing to watch: give targets, or --prefix")
    columns = (
        *("target", "state", "last_ms", "median_ms", "p95_ms", "max_ms", "answered", "failed"),
        *("connections", "calls", "error"),
    )
    rounds = _rounds(known, interval_s, count, options)
    if not (output.for_people and sys.stdout.isatty()):
        output.stream((row for rows in rounds for row in rows), columns)
        return
    for rows in rounds:
        click.echo(f"{_HOME_AND_CLEAR}{len(rows)} objects, {strftime('%H:%M:%S')}; Ctrl-C ends\n")
        output.rows(rows, columns)


def _named(prefix: str, options: dict[str, Any]) -> list[str]:
    from pyro_client.naming import locate_ns

    with locate_ns(settings=client_settings(**options)) as names:
        return [f"PYRONAME:{name}" for name in names.list(prefix=prefix or None)]


def _rounds(
    targets: Sequence[str], interval_s: float, count: int | None, options: dict[str, Any]
) -> Iterator[list[dict[str, Any]]]:
    from concurrent.futures import ThreadPoolExecutor

    options = {**options, "timeout_s": options.get("timeout_s") or max(interval_s, 1.0)}
    watched = [_Watched(target, open_proxy(target, **options)) for target in dict.fromkeys(targets)]
    number = 0
    with ThreadPoolExecutor(min(len(watched), _AT_ONCE)) as pool, ExitStack() as open_until_the_end:
        for each in watched:
            open_until_the_end.enter_context(each.proxy)
        while count is None or number < count:
            if number:
                time.sleep(interval_s)
            number += 1
            rows = list(pool.map(_Watched.asked, watched))
            yield sorted(
                rows, key=lambda row: (row["state"] == "up", -(row["last_ms"] or 0.0), row["target"])
            )


class _Watched:
    """One object, and how it answered so far."""

    def __init__(self, target: str, proxy: "Proxy") -> None:
        self._target = target
        self.proxy = proxy
        self._latencies = Latencies()

    def asked(self) -> dict[str, Any]:
        """Ask it once more."""
        from pyro_core.errors import PyroError

        last = error = None
        health: dict[str, Any] = {}
        try:
            last = self._latencies.measure(self.proxy._pyro.ping)
            health = health_of(self.proxy)
        except PyroError as problem:
            error = str(problem)
        state = "down" if error is not None else "up"
        if health.get("state") == "draining":
            state = "draining"
        return {
            "target": self._target.removeprefix("PYRONAME:"),
            "state": state,
            "last_ms": milliseconds(last),
            **self._latencies.facts(),
            "answered": len(self._latencies.seconds),
            "failed": self._latencies.failed,
            "connections": health.get("connections"),
            "calls": health.get("calls"),
            "error": error,
        }
