"""Speed and size, beside the floor of Python sockets, stock Pyros and other systems, as ratios.

Client and server are two processes, mostly on one core, so that what counts is the work and not the
scheduler's wake-ups. The peers take turns (A B C A B C ...); each figure is the median of its turns.

Usage: python tools/bench [W1 W2a ...] [--quick] [--others] [--peers 'F2|ours, msgpack'] [--json FILE]
                          [--baseline FILE]
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imports
import installed
import sizes
from name_workloads import make_file
from peers import OURS, PYRO5, Cost, Pair, Peer, careful, contestants, name_servers, replacements
from plan import CAREFUL, IDLE, NAMES, REPLACED, SERPENT_ONLY_SMALL, WORKLOADS, Workload
from tables import Reached, show, show_goals, show_idle, show_replaced

PARTS = [workload.key for workload in WORKLOADS] + [
    "W9",
    "care",
    "names",
    "pyro4",
    "imports",
    "sizes",
    "installed",
]
Costs = dict[str, Cost]


def all_cores() -> set[int]:
    """The processor cores that may be used."""
    return set(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else {0}


class Arena:
    """Peers that take turns. A pair of processes serves all workloads that want the same cores.

    Args:
        peers: The contestants.
        turns: How often each does each thing.
        haste: Divides how often a thing is done in one turn.
    """

    def __init__(self, peers: Sequence[Peer], turns: int, haste: int = 1) -> None:
        self._peers = peers
        self._turns = turns
        self._haste = haste
        self._pairs: dict[tuple[Peer, bool], Pair] = {}
        self._stack = ExitStack()

    def measure(self, workload: Workload) -> Costs:
        """Medians of all peers that can do it, for one unit."""
        count = max(workload.count // self._haste, 1)
        done = workload.like or workload.key
        taken: dict[str, list[Cost]] = {}
        able = []
        for peer in self._peers:
            if workload.key in SERPENT_ONLY_SMALL and "serpent" in peer.label:
                continue
            pair = self._pair(peer, workload.pinned)
            if pair.cost(done, max(count // 4, 1)) is not None:  # warm-up
                able.append(pair)
        for _ in range(self._turns):
            for pair in able:
                cost = pair.cost(done, count)
                assert cost is not None
                taken.setdefault(pair.peer.label, []).append(cost.of(count * workload.scale))
        return {label: median(costs) for label, costs in taken.items()}

    def _pair(self, peer: Peer, pinned: bool) -> Pair:
        pair = self._pairs.get((peer, pinned))
        if pair is None:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            pair = Pair(peer, {max(all_cores())} if pinned else all_cores(), folder)
            self._stack.callback(pair.close)
            self._pairs[peer, pinned] = pair
        return pair

    def __enter__(self) -> "Arena":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def median(costs: Sequence[Cost]) -> Cost:
    """Median of each figure by itself."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.client_cpu_s for cost in costs),
        statistics.median(cost.server_cpu_s for cost in costs),
    )


def idle(peers: Sequence[Peer]) -> dict[str, tuple[float, int]]:
    """W9: megabytes and threads that a server needs for many connections that do nothing."""
    found = {}
    for peer in peers:
        with ExitStack() as stack:
            pair = Pair(peer, all_cores(), Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(pair.close)
            if pair.cost("W9", 10) is None:
                continue
            before, threads = pair.server_bytes(), pair.server_threads()
            pair.cost("W9", IDLE)
            found[peer.label] = (pair.server_bytes() - before) / 1e6, pair.server_threads() - threads
    return found


def main() -> int:
    """Run the benchmark."""
    options = asked()
    wanted = {
        part for part in PARTS if not options.parts or any(part in named(word) for word in options.parts)
    }
    before = json.loads(options.baseline.read_text(encoding="utf8")) if options.baseline else {}
    turns, haste = (3, 4) if options.quick else (9, 1)
    results: dict[str, Any] = {}
    goals: list[Reached] = []

    def run(peers: Sequence[Peer], workloads: Sequence[Workload]) -> None:
        with Arena(peers, turns, haste) as arena:
            for workload in workloads:
                costs = arena.measure(workload)
                results[workload.key] = {label: asdict(cost) for label, cost in costs.items()}
                if workload is REPLACED:
                    show_replaced(costs)
                else:
                    earlier = before.get(workload.key, {})
                    goals.extend(
                        show(workload, costs, {label: earlier[label]["seconds"] for label in earlier})
                    )

    peers = contestants(options.others, options.quick)
    if options.peers:
        peers = [peer for peer in peers if any(word in peer.label for word in options.peers.split("|"))]
    run(peers, [workload for workload in WORKLOADS if workload.key in wanted])
    if "W9" in wanted:
        results["W9"] = idle(
            [peer for peer in peers if options.others or not options.quick or peer.label in (OURS, PYRO5)]
        )
        goals.extend(show_idle(results["W9"]))
    if "care" in wanted:
        run(careful(), [CAREFUL])
    if "names" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            run(name_servers(Path(folder), make_file), NAMES)
    if "pyro4" in wanted:
        run(replacements(), [REPLACED])
    if "imports" in wanted:
        results["imports"] = imports.measure(turns, others=options.others)
        goals.extend(imports.show(results["imports"]))
    if "sizes" in wanted:
        results["sizes"] = sizes.measure()
        sizes.show(results["sizes"])
    if "installed" in wanted and options.others:
        results["installed"] = installed.measure()
        installed.show(results["installed"])
    show_goals(goals)
    if options.json:
        results["goals"] = [asdict(goal) for goal in goals]
        results["run"] = circumstances(turns)
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")
    return 0


def circumstances(turns: int) -> dict[str, Any]:
    """When and how this was measured."""
    return {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "turns": turns,
        "cores": len(all_cores()),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def named(word: str) -> list[str]:
    """The parts that a word on the command line means."""
    return [part for part in PARTS if part == word or (part[:-1] == word and part[-1].isalpha())]


def asked() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="bench", description="Speed and size as ratios taken in one run.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}; W2 is W2a, W2b"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything: a rough answer in a minute")
    parser.add_argument(
        "--peers", metavar="LABELS", help="only contestants whose label has one of these, divided by '|'"
    )
    parser.add_argument("--others", action="store_true", help="RPyC and gRPC, too; also what each installs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="show the change since that run")
    options = parser.parse_args()
    for word in options.parts:
        if not named(word):
            parser.error(f"no such part: {word}; there are {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
