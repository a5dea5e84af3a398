"""``pyro-cli ping`` and ``bench``."""

import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pyro_cli import exit_codes
from pyro_cli.output import Output, output_options
from pyro_cli.progress import progress
from pyro_client.commands.arguments import value_of
from pyro_client.commands.latencies import Latencies, milliseconds
from pyro_client.commands.targets import TARGET, complete_member, open_proxy, proxy_options

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy

_STEPS = 20
_PATIENCE_S = 30.0


@click.command()
@click.argument("target", type=TARGET)
@click.option("-c", "--count", type=click.IntRange(1), default=4, help="How often. Default: 4.")
@click.option(
    "-i", "--interval", "interval_s", type=click.FloatRange(0), default=1.0, help="Seconds between them."
)
@proxy_options
@output_options
def ping(output: Output, target: str, count: int, interval_s: float, **options: Any) -> None:
    """Ask the server of TARGET for a sign of life, and tell how long that takes. No method is called.

    The first time includes connecting. In json and yaml the outcome is one record; in the other formats each
    answer is a row, and a table is followed by the outcome. The exit code is 4 if there was no answer at all.

    Example: pyro-cli ping warehouse --count 10 --interval 0.2
    """
    from pyro_core.errors import CommunicationError

    latencies = Latencies()
    problems: list[CommunicationError] = []

    def rows() -> Iterator[dict[str, Any]]:
        with open_proxy(target, **options) as proxy:
            for number in range(1, count + 1):
                if number > 1:
                    time.sleep(interval_s)
                row: dict[str, Any] = {"seq": number, "time_ms": None, "error": None}
                try:
                    row["time_ms"] = milliseconds(latencies.measure(proxy._pyro.ping))
                except CommunicationError as problem:
                    problems.append(problem)
                    row["error"] = str(problem)
                yield row

    if output.format in ("json", "yaml"):
        answers = list(rows())
    else:
        answers = []
        output.stream(rows(), ("seq", "time_ms", "error"))
    if not latencies.seconds and problems:
        raise problems[-1]
    if output.for_people:
        click.echo()
    if not answers and not output.for_people:
        return
    facts = {"target": target, "sent": latencies.attempts, "answered": len(latencies.seconds)}
    facts.update(latencies.facts())
    output.record({**facts, "answers": answers} if answers else facts)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("target", type=TARGET)
@click.argument("method", default="", shell_complete=complete_member)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--seconds", type=click.FloatRange(0.01), default=2.0, help="How long. Default: 2.")
@click.option(
    "-j", "--threads", type=click.IntRange(1, 1000), default=1, help="Callers, each with a connection."
)
@proxy_options
@output_options
def bench(
    output: Output,
    target: str,
    method: str,
    args: tuple[str, ...],
    seconds: float,
    threads: int,
    **options: Any,
) -> None:
    """Call METHOD of TARGET for some seconds and tell how many calls a second there were.

    Without METHOD only the connection is measured. The first call of each thread does not count. A call that
    takes 30 seconds, or those of --timeout, has failed. The exit code is 6 if calls failed.

    Example: pyro-cli bench warehouse contents --seconds 5 --threads 4
    """
    from concurrent.futures import ThreadPoolExecutor, wait

    values = [value_of(arg) for arg in args]
    options["timeout_s"] = options["timeout_s"] or _PATIENCE_S
    latencies = [Latencies() for _ in range(threads)]

    def calls(mine: Latencies, ends: float) -> BaseException | None:
        with open_proxy(target, **options) as proxy:
            work = proxy._pyro.ping if not method else partial(_call, proxy, method, values)
            if method:
                proxy._pyro.known_metadata()
                proxy._pyro._check_method(method)
            work()  # a call that cannot succeed ends it all here
            last = None
            while time.perf_counter() < ends:
                try:
                    mine.measure(work)
                except Exception as problem:
                    last = problem
            return last

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(calls, mine, began + seconds) for mine in latencies]
        for _ in progress(range(_STEPS), "calling"):
            wait(running, seconds / _STEPS)
        problems = [each.result() for each in running]
    took_s = time.perf_counter() - began
    together = Latencies.together(latencies)
    output.record(
        {
            "target": target,
            "method": method or "(ping)",
            "threads": threads,
            "calls": len(together.seconds),
            "failed": together.failed,
            "calls_per_second": round(len(together.seconds) / took_s),
            **together.facts(),
        }
    )
    if together.failed:
        click.echo(
            f"Error: {together.failed} calls failed, such as with: {next(filter(None, problems))}", err=True
        )
        click.get_current_context().exit(exit_codes.REMOTE)


def _call(proxy: "Proxy", method: str, args: list[Any]) -> None:
    result = getattr(proxy, method)(*args)
    if hasattr(type(result), "__next__"):
        with result:
            for _ in result:
                pass
