"""``pyro-cli ping`` and ``bench``."""

import time
from collections.abc import Callable, Iterator
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
    from threading import Barrier

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
    from threading import Barrier

    options["timeout_s"] = options["timeout_s"] or _PATIENCE_S
    work = partial(_call, method=method, args=[value_of(arg) for arg in args]) if method else _ping
    callers = [_Caller(target, options, work) for _ in range(threads)]
    ready = Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(caller.run, ready, seconds) for caller in callers]
        for _ in progress(range(_STEPS), "calling"):
            wait(running, seconds / _STEPS)
    for caller in callers:
        if caller.failure is not None:
            raise caller.failure
    together = Latencies.together(caller.latencies for caller in callers)
    output.record(
        {
            "target": target,
            "method": method or "(ping)",
            "threads": threads,
            "calls": len(together.seconds),
            "failed": together.failed,
            "calls_per_second": round(sum(caller.rate for caller in callers)),
            **together.facts(),
        }
    )
    if together.failed:
        problem = next(caller.problem for caller in callers if caller.problem is not None)
        click.echo(f"Error: {together.failed} calls failed, such as with: {problem}", err=True)
        click.get_current_context().exit(exit_codes.REMOTE)


class _Caller:
    """Calls again and again in a thread of its own.

    Attributes:
        latencies: How long its calls took.
        rate: Calls a second that did not fail.
        problem: What the last call that failed raised; None if none did.
        failure: Why it could not begin; None if it could.
    """

    def __init__(self, target: str, options: dict[str, Any], work: "Callable[[Proxy], object]") -> None:
        self._target = target
        self._options = options
        self._work = work
        self.latencies = Latencies()
        self.rate = 0.0
        self.problem: Exception | None = None
        self.failure: Exception | None = None

    def run(self, ready: "Barrier", seconds: float) -> None:
        """Connect, call once, wait for the others, and then call for some seconds, at least once."""
        from threading import BrokenBarrierError

        with open_proxy(self._target, **self._options) as proxy:
            try:
                self._work(proxy)
            except Exception as problem:
                self.failure = problem
                ready.abort()  # none of the others needs to begin
                return
            try:
                ready.wait()
            except BrokenBarrierError:
                return
            began = time.perf_counter()
            while True:
                try:
                    self.latencies.measure(partial(self._work, proxy))
                except Exception as problem:
                    self.problem = problem
                took_s = time.perf_counter() - began
                if took_s >= seconds:
                    break
            self.rate = len(self.latencies.seconds) / took_s


def _ping(proxy: "Proxy") -> None:
    proxy._pyro.ping()


def _call(proxy: "Proxy", method: str, args: list[Any]) -> None:
    proxy._pyro.known_metadata()
    proxy._pyro._check_method(method)
    result = getattr(proxy, method)(*args)
    if hasattr(type(result), "__next__"):
        with result:
            for _ in result:
                pass
