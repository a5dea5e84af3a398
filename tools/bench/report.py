"""Puts the figures of a run of the benchmark into a page, wherever that has a place for some of them.

A place is between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``; the names are those of ``TABLES``.

Usage: python tools/bench/report.py docs/reference/performance.json docs/reference/performance.md ...
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from peers import GRPC, GRPC_ASYNC, OURS, OURS_ASYNC, OURS_DEFAULT, PYRO4, PYRO5, PYRO5_DEFAULT, RPYC
from plan import IDLE, WORKLOADS

Results = Mapping[str, Any]
FRONT = {
    "W1a": "a small call",
    "W2a": "a call with 1 KB there and back",
    "W8": "an item of a stream",
    "W12": "a call, 64 being under way on one connection",
}
"""Workloads of the front page."""
FRONT_PEERS = (PYRO4, PYRO5, RPYC, GRPC)
ALIKE = (OURS_ASYNC, PYRO4, PYRO5, RPYC, GRPC, GRPC_ASYNC)


def goals(results: Results) -> Iterator[str]:
    """The table of goals."""
    yield "| | figure | reached | goal | |"
    yield "|---|---|---|---|---|"
    for goal in results["goals"]:
        cells = (goal[name] for name in ("workload", "what", "found", "wanted", "verdict"))
        yield f"| {' | '.join(cells)} |"


def medians(results: Results) -> Iterator[str]:
    """The table of microseconds."""
    names = [name for name, costs in results.items() if name.startswith("W") and name != "W9"]
    peers = list(dict.fromkeys(label for name in names for label in results[name]))
    yield f"| us | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for label in peers:
        cells = [f"{results[n][label]['seconds'] * 1e6:,.2f}" if label in results[n] else "" for n in names]
        yield f"| {label} | {' | '.join(cells)} |"


def figures(results: Results) -> Iterator[str]:
    """Goals and microseconds."""
    yield from goals(results)
    yield ""
    yield from medians(results)


def passing_s(cost: Mapping[str, float]) -> float:
    """Time that passes, in seconds."""
    return cost["seconds"]


def working_s(cost: Mapping[str, float]) -> float:
    """Processor time of both sides, in seconds."""
    return cost["client_cpu_s"] + cost["server_cpu_s"]


def times(
    results: Results, first: str, others: Sequence[str], measure: Callable[[Mapping[str, float]], float]
) -> Iterator[str]:
    """A table of the time that one system takes, and how many times as much others take.

    Args:
        results: Of a run.
        first: Label of the one.
        others: Labels of the others.
        measure: Which time of a cost, in seconds.
    """
    yield f"| what | `hatch run bench --others` | {' | '.join([f'{first}, us', *others])} |"
    yield "|---" * (len(others) + 3) + "|"
    for workload in WORKLOADS:
        costs = results.get(workload.key, {})
        if first not in costs:
            continue
        mine = measure(costs[first])
        cells = [f"{measure(costs[label]) / mine:.2f} x" if label in costs else "-" for label in others]
        each = f"{workload.title}; per {workload.unit.removesuffix('s')}"
        yield f"| {each} | `{workload.key}` | {' | '.join([f'{mine * 1e6:,.1f}', *cells])} |"


def alike(results: Results) -> Iterator[str]:
    """Everybody with msgpack, or with what it has if it cannot take that."""
    yield from times(results, OURS, ALIKE, passing_s)


def work(results: Results) -> Iterator[str]:
    """The same, counted in processor time."""
    yield from times(results, OURS, ALIKE, working_s)


def as_installed(results: Results) -> Iterator[str]:
    """Those that need no serializer of the user's, with what they take by themselves."""
    yield from times(results, OURS_DEFAULT, (PYRO5_DEFAULT, RPYC), working_s)


def idle(results: Results) -> Iterator[str]:
    """Memory and threads of a server with idle connections."""
    yield f"| `hatch run bench W9 --others`: server with {IDLE:,} idle connections | MB more | threads more |"
    yield "|---|---|---|"
    for label, (megabytes, threads) in results["W9"].items():
        yield f"| {label} | {megabytes:,.1f} | {threads:,} |"


def installations(results: Results) -> Iterator[str]:
    """What an installation brings."""
    yield "| | version | licence | Python | distributions | MB |"
    yield "|---|---|---|---|---|---|"
    for label, fact in results["installed"].items():
        cells = (
            fact["version"],
            fact["license"],
            fact["python"] or "not told",
            f"{len(fact['distributions'])}: {', '.join(fact['distributions'])}",
            f"{fact['bytes'] / 1e6:.1f}",
        )
        yield f"| {label} | {' | '.join(cells)} |"
    yield ""
    yield "| `hatch run bench imports --others` | processor time, ms |"
    yield "|---|---|"
    for label, seconds in results["imports"].items():
        yield f"| {label} | {seconds * 1e3:.1f} |"


def front(results: Results) -> Iterator[str]:
    """The few figures of the front page."""
    names = [label.partition(",")[0] for label in FRONT_PEERS]
    yield f"| processor time, ours = 1 | {' | '.join(names)} |"
    yield "|---" * (len(FRONT_PEERS) + 1) + "|"
    for key, title in FRONT.items():
        costs = results[key]
        mine = working_s(costs[OURS])
        cells = [f"{working_s(costs[label]) / mine:.1f}" if label in costs else "-" for label in FRONT_PEERS]
        yield f"| {title} | {' | '.join(cells)} |"


def circumstances(results: Results) -> Iterator[str]:
    """When and how it was measured."""
    run = results["run"]
    load = "" if run["load"] is None else f", at the end of which the machine's load was {run['load']}"
    yield (
        f"Measured {run['at']} in one run of {run['turns']} turns on {run['cores']} core(s) of "
        f"{run['system']}, Python {run['python']}{load}."
    )


TABLES: Mapping[str, Callable[[Results], Iterator[str]]] = {
    "figures": figures,
    "alike": alike,
    "work": work,
    "as installed": as_installed,
    "idle": idle,
    "installations": installations,
    "circumstances": circumstances,
    "front": front,
}


def page(results: Results, text: str) -> str:
    """The page with the figures of a run in it.

    Raises:
        ValueError: If it has no place for any.
    """
    found = 0
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, has_place, rest = text.partition(begin)
        if not has_place:
            continue
        _, has_end, after = rest.partition(end)
        if not has_end:
            raise ValueError(f"the page has {begin} without {end}")
        text = f"{before}{begin}\n{chr(10).join(table(results))}\n{end}{after}"
        found += 1
    if not found:
        raise ValueError(f"the page has no <!-- NAME: begin --> with one of the names {', '.join(TABLES)}")
    return text


def main(arguments: list[str]) -> int:
    """Bring the pages up to date."""
    source, *targets = map(Path, arguments)
    results = json.loads(source.read_text(encoding="utf8"))
    for target in targets:
        target.write_text(page(results, target.read_text(encoding="utf8")), encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
