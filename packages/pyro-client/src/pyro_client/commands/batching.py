"""``pyro-cli batch``: many calls, few messages."""

import json
import shlex
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

import click

from pyro_cli import exit_codes
from pyro_cli.output import Output, output_options
from pyro_cli.progress import progress
from pyro_client.commands.arguments import value_of
from pyro_client.commands.targets import TARGET, open_proxy, proxy_options

Call = tuple[int, str, list[Any], dict[str, Any]]
"""Number of the line, method, positional and keyword arguments."""


@click.command()
@click.argument("target", type=TARGET)
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
@click.option(
    "--size", type=click.IntRange(1, 100_000), default=1000, help="Calls in one message. Default: 1000."
)
@click.option("--keep-going", is_flag=True, help="Go on after a call that failed.")
@proxy_options
@output_options
def batch(
    output: Output,
    target: str,
    file: IO[str],
    size: int,
    keep_going: bool,
    **options: Any,
) -> None:
    r"""Make the calls that FILE lists, or standard input; one a line.

    A line is  METHOD ARGUMENT...  with quotes as in a shell, or JSON: ["METHOD", ARGUMENT...]. Empty lines
    and lines that begin with # are skipped. All lines are read before anything is called. The first call that
    fails ends it, unless --keep-going is given; the exit code then still is 6.

    Example: printf 'store bolt 3\nstore nut 5\n' | pyro-cli batch warehouse
    """
    calls = list(_read(file))
    failed = False

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal failed
        with open_proxy(target, **options) as proxy:
            proxy._pyro.known_metadata()
            for _, method, _, _ in calls:
                proxy._pyro._check_method(method)  # before anything is called
            waiting = iter(progress(calls, "calling"))
            while chunk := list(islice(waiting, size)):
                while chunk:
                    done = list(_run(proxy, chunk))
                    yield from done
                    if done[-1]["ok"]:
                        break
                    failed = True
                    if not keep_going:
                        return
                    chunk = chunk[len(done) :]

    output.stream(rows(), ("line", "method", "ok", "result"))
    if failed:
        click.get_current_context().exit(exit_codes.REMOTE)


def _run(proxy: Any, calls: list[Call]) -> Iterator[dict[str, Any]]:
    """The outcome of each call, up to the first that failed: the server makes no further ones."""
    wanted = proxy._pyro.batch()
    for _, method, args, kwargs in calls:
        wanted._pyro_call(method, *args, **kwargs)
    results = wanted()
    for line, method, _, _ in calls:
        try:
            result, ok = next(results), True
        except Exception as problem:  # whatever the remote method raised
            result, ok = f"{type(problem).__name__}: {problem}", False
        if ok and hasattr(type(result), "__next__"):
            with result:
                result = list(result)
        yield {"line": line, "method": method, "ok": ok, "result": result}
        if not ok:
            return


def _read(lines: Iterable[str]) -> Iterator[Call]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            try:
                yield _parsed(number, text)
            except ValueError as problem:
                raise click.UsageError(f"line {number} is no call: {problem}") from problem


def _parsed(number: int, text: str) -> Call:
    if text.startswith("["):
        words = json.loads(text)
        if not words or not isinstance(words[0], str):
            raise ValueError("a JSON list must begin with the name of a method")
        return number, words[0], words[1:], {}
    method, *args = shlex.split(text)
    return number, method, [value_of(arg) for arg in args], {}
