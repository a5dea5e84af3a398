"""Speed and size, beside the floor of Python sockets, stock Pyros and other systems, as ratios.

Client and server are two processes, mostly on one core, so that what counts is the work and not the
scheduler's wake-ups. The peers take turns (A B C A B C ...); each figure is the median of its turns.

Usage: python tools/bench [W1 W2a ...] [--quick] [--others] [--json FILE] [--baseline FILE]
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import imports
from peers import FLOOR, Pair, Peer, contestants, replacements
from plan import SERPENT_ONLY_SMALL, WORKLOADS, Workload

IDLE = 1000
"""Connections of W9."""
Medians = dict[str, float]


def all_cores() -> set[int]:
    """The processor cores that may be used."""
    return set(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else {0}


def measure(peers: Sequence[Peer], workload: Workload, *, turns: int) -> Medians:
    """Median seconds of each peer, for one unit of a workload."""
    cores = {max(all_cores())} if workload.pinned else all_cores()
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        pairs = []
        for peer in peers:
            if workload.key in SERPENT_ONLY_SMALL and "serpent" in peer.label:
                continue
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            pair = Pair(peer, cores, folder)
            stack.callback(pair.close)
            if pair.seconds(workload.key, max(workload.count // 10, 1)) is not None:  # warm-up
                pairs.append(pair)
        for _ in range(turns):
            for pair in pairs:
                seconds = pair.seconds(workload.key, workload.count)
                assert seconds is not None
                taken.setdefault(pair.peer.label, []).append(seconds / workload.scale)
    return {label: statistics.median(times) for label, times in taken.items()}


def memory(peers: Sequence[Peer]) -> Medians:
    """W9: bytes that a server needs for each of many connections that do nothing."""
    found = {}
    for peer in peers:
        with ExitStack() as stack:
            pair = Pair(peer, all_cores(), Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(pair.close)
            if pair.seconds("W9", 10) is None:
                continue
            before = pair.server_bytes()
            pair.seconds("W9", IDLE)
            found[peer.label] = (pair.server_bytes() - before) / IDLE
    return found


def show(workload: Workload, medians: Mapping[str, float], before: Mapping[str, float]) -> None:
    """Print the table of one workload, and how its goals stand."""
    floor = medians.get(FLOOR)
    print(f"\n{workload.key}: {workload.title}")
    print(f"{'':32}{'us':>10}{workload.unit + '/s':>12}{'time, x F2':>12}{'before':>10}")
    for label, median in medians.items():
        beside = f"{median / floor:.2f}" if floor else ""
        change = f"{median / before[label]:.2f} x" if label in before else ""
        print(f"{label:32}{median * 1e6:10.2f}{1 / median:12,.0f}{beside:>12}{change:>10}")
    for goal in workload.goals:
        if goal.peer in medians and goal.rival in medians:
            speed = medians[goal.rival] / medians[goal.peer]
            verdict = "met" if speed >= goal.speed else "first rung" if speed >= goal.first else "missed"
            print(f"  {goal.peer}: {speed:.2f} x the speed of {goal.rival}; goal {goal.speed:.2f}: {verdict}")


def show_memory(found: Mapping[str, float]) -> None:
    """Print W9."""
    print(f"\nW9: memory of the server for {IDLE:,} idle connections\n{'':32}{'MB':>10}")
    for label, each in found.items():
        print(f"{label:32}{each * IDLE / 1e6:10.1f}")


def show_replaced(medians: Mapping[str, float]) -> None:
    """Print what replacing Pyro4 brings."""
    print("\nW1 of a program for Pyro4, whose Pyro4 is replaced")
    print(f"{'':32}{'us':>10}{'x F2':>8}{'x Pyro4':>18}")
    for label, median in medians.items():
        rival = medians.get(label.replace("ours", "Pyro4")) if label.startswith("ours") else None
        against = f"{rival / median:.2f} x faster" if rival else ""
        print(f"{label:32}{median * 1e6:10.1f}{median / medians[FLOOR]:8.2f}{against:>18}")


def main() -> int:
    """Run the benchmark."""
    parts = [workload.key for workload in WORKLOADS] + ["W9", "pyro4", "imports"]
    parser = argparse.ArgumentParser(prog="bench", description="Speed and size as ratios taken in one run.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(parts)}")
    parser.add_argument("--quick", action="store_true", help="fewer turns: a rough answer")
    parser.add_argument("--others", action="store_true", help="RPyC and gRPC, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="show the change since that run")
    options = parser.parse_args()
    unknown = set(options.parts) - set(parts)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    wanted = options.parts or parts
    before = json.loads(options.baseline.read_text(encoding="utf8")) if options.baseline else {}
    turns = 3 if options.quick else 9
    results: dict[str, Medians] = {}
    peers = contestants(options.others)
    for workload in WORKLOADS:
        if workload.key in wanted:
            results[workload.key] = measure(peers, workload, turns=turns)
            show(workload, results[workload.key], before.get(workload.key, {}))
    if "W9" in wanted:
        results["W9"] = memory(peers)
        show_memory(results["W9"])
    if "pyro4" in wanted:
        results["pyro4"] = measure(replacements(), WORKLOADS[0], turns=turns)
        show_replaced(results["pyro4"])
    if "imports" in wanted:
        results["imports"] = imports.measure(turns)
        imports.show(results["imports"])
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
