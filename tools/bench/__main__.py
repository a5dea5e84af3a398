"""Latency of calls and cost of importing, beside the floor of Python sockets and stock Pyros, as ratios.

Client and server are two processes on one core, so that what counts is the work per call and not the
scheduler's wake-ups. The peers take turns (A B C A B C ...); each figure is the median of its turns.

Usage: python tools/bench [--quick] [--only pyro4|ns|asyncio] [--json FILE]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests-integration"))

from name_workloads import make_file  # noqa: E402 - beside this file
from stock_env import stock_python  # noqa: E402 - found through the path set above

FLOOR = "F2 raw socket, msgpack"
CLASSIC = ("serpent", "json", "marshal", "msgpack", "pickle")
"""The serializers of Pyro4 that need nothing else."""
GRACE_S = 10.0


@dataclass(frozen=True)
class Peer:
    """One contestant.

    Attributes:
        label: Name in the table.
        python: Interpreter of its environment.
        script: Which of the scripts beside this file.
        serializer: Serializer for both of its sides.
        arguments: What else its server is told.
        environment: For both of its processes.
    """

    label: str
    python: str
    script: str
    serializer: str = "msgpack"
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Pair:
    """A peer's server and client, each a process pinned to the same core.

    Args:
        peer: The contestant.
        core: Number of the processor core.
    """

    def __init__(self, peer: Peer, core: int) -> None:
        self.peer = peer
        self._server = self._start(["server", *peer.arguments], core)
        self._client = self._start(["client", self._line(self._server).split(" ", 1)[1].strip()], core)

    def seconds(self, workload: str, count: int) -> float:
        """Seconds that one call of a workload takes, averaged over ``count`` calls."""
        assert self._client.stdin is not None
        self._client.stdin.write(f"{workload} {count}\n")
        self._client.stdin.flush()
        return float(self._line(self._client)) / count

    def close(self) -> None:
        """End both processes."""
        for process in (self._client, self._server):
            process.terminate()
        for process in (self._client, self._server):
            process.communicate(timeout=GRACE_S)

    def _start(self, arguments: Sequence[str], core: int) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYRO_SERIALIZER": self.peer.serializer, **self.peer.environment}
        process = subprocess.Popen(
            [self.peer.python, str(HERE / self.peer.script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {core})
        return process

    def _line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.peer.label}: a process ended with code {process.wait(GRACE_S)}")
        return line


def contestants() -> list[Peer]:
    """Everybody, the floor first."""
    stock = str(stock_python())
    return [
        Peer(FLOOR, sys.executable, "peer_floor.py"),
        Peer("ours, msgpack", sys.executable, "peer_ours.py"),
        Peer("Pyro5, msgpack", stock, "peer_pyro5.py"),
        Peer("ours, serpent (default)", sys.executable, "peer_ours.py", "serpent"),
        Peer("Pyro5, serpent (default)", stock, "peer_pyro5.py", "serpent"),
    ]


def replacements() -> list[Peer]:
    """A program for Pyro4 with the facade and with stock, for each serializer; the floor first."""
    stock = str(stock_python())
    pairs = [(Peer(FLOOR, sys.executable, "peer_floor.py"),)] + [
        (
            Peer(f"ours, {name}", sys.executable, "peer_pyro4.py", name),
            Peer(f"Pyro4, {name}", stock, "peer_pyro4.py", name),
        )
        for name in CLASSIC
    ]
    return [peer for pair in pairs for peer in pair]


def measure(peers: Sequence[Peer], workload: str, *, count: int, turns: int) -> dict[str, float]:
    """Median seconds per call of each peer."""
    core = sorted(os.sched_getaffinity(0))[-1] if hasattr(os, "sched_getaffinity") else 0
    taken: dict[str, list[float]] = {peer.label: [] for peer in peers}
    with ExitStack() as stack:
        pairs = []
        for peer in peers:
            pair = Pair(peer, core)
            stack.callback(pair.close)
            pair.seconds(workload, max(count // 10, 1))  # warm-up
            pairs.append(pair)
        for _ in range(turns):
            for pair in pairs:
                taken[pair.peer.label].append(pair.seconds(workload, count))
    return {label: statistics.median(times) for label, times in taken.items()}


def imports(turns: int) -> dict[str, float]:
    """Median CPU seconds that a new process needs to have the client at hand, bytecode being there."""
    stock = str(stock_python())
    programs = {
        "import pyro_client": (sys.executable, "import pyro_client"),
        "from pyro_client import Proxy": (sys.executable, "from pyro_client import Proxy"),
        "the first Proxy": (sys.executable, "from pyro_client import Proxy; Proxy('PYRO:x@localhost:1')"),
        "import Pyro5.api": (stock, "import Pyro5.api"),
    }
    taken: dict[str, list[float]] = {label: [] for label in programs}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for turn in range(turns + 1):  # the first one compiles
            for label, (python, code) in programs.items():
                timed = (
                    f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
                )
                done = subprocess.run(
                    [python, "-c", timed], env=environment, capture_output=True, text=True, check=True
                )
                if turn:
                    taken[label].append(float(done.stdout))
    return {label: statistics.median(times) for label, times in taken.items()}


def show_imports(medians: Mapping[str, float]) -> None:
    """Print what it costs to import the client."""
    stock = medians["import Pyro5.api"]
    print(f"\nImporting the client\n{'':32}{'ms':>8}{'x Pyro5':>20}")
    for label, median in medians.items():
        print(f"{label:32}{median * 1e3:8.2f}{stock / median:12.1f} x faster")


def show(title: str, medians: Mapping[str, float], rival_name: str = "Pyro5") -> None:
    """Print one workload's table; the floor need not have taken part."""
    floor = medians.get(FLOOR)
    against = f"x {rival_name}, same serializer"
    print(f"\n{title}\n{'':28}{'us/call':>9}{'x F2':>8}{against:>27}")
    for label, median in medians.items():
        rival = next((t for name, t in medians.items() if name == label.replace("ours", rival_name)), None)
        against = f"{rival / median:.2f} x faster" if rival and label.startswith("ours") else ""
        beside = f"{median / floor:.2f}" if floor else ""
        print(f"{label:28}{median * 1e6:9.1f}{beside:>8}{against:>27}")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench", description="Call latency as ratios taken in one run.")
    parser.add_argument("--quick", action="store_true", help="fewer calls: a rough answer in seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--only", choices=["pyro4", "ns", "asyncio"], help="only this part")
    options = parser.parse_args()
    turns = 3 if options.quick else 9
    results: dict[str, dict[str, float]] = {}
    if options.only == "asyncio":
        results |= on_event_loops(turns)
    if options.only in (None, "pyro4"):
        results["W1 Pyro4"] = measure(replacements(), "W1", count=2000, turns=turns)
        show("W1 of a program for Pyro4, whose Pyro4 is replaced: add(2, 3)", results["W1 Pyro4"], "Pyro4")
    if options.only in (None, "ns"):
        results |= names(turns)
    if not options.only:
        results |= everything(turns)
        results |= on_event_loops(turns)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf8")
    return 0


def names(turns: int) -> dict[str, dict[str, float]]:
    """Measure and print name servers that hold 10,000 names; gives the medians."""
    plan = {
        "lookup": ("NS lookup: one of 10,000 names", 200),
        "register": ("NS register: a name anew, beside 10,000 others", 20),
        "prefix": ("NS list: the 100 of 10,000 names with a prefix", 5),
    }
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        peers = []
        for storage in ("memory", "sqlite"):
            for label, python in (("ours", sys.executable), ("Pyro5", str(stock_python()))):
                place = str(Path(folder, label))
                script = f"peer_names_{label.lower()}.py"
                where = storage if storage == "memory" else f"{storage}:{place}"
                peers.append(Peer(f"{label}, {storage}", python, script, "serpent", (where,)))
                if storage != "memory":
                    make_file(place)
        for workload, (title, count) in plan.items():
            results[f"NS {workload}"] = measure(peers, workload, count=count, turns=turns)
            show(title, results[f"NS {workload}"])
    return results


def on_event_loops(turns: int) -> dict[str, dict[str, float]]:
    """Measure and print calls on asyncio, one after the other and 64 in flight; gives the medians."""
    calls: list[Peer] = []
    for client, server in product(("async", "sync", "futures", "threads"), ("async", "plain", "threaded")):
        peer = Peer(f"{client} to {server}", sys.executable, "peer_ours_asyncio.py", arguments=(server,))
        calls.append(replace(peer, environment={"PEER_CLIENT": client}))
        if find_spec("uvloop") is not None and client == "async" and server != "threaded":
            loops = {"PEER_CLIENT": client, "PEER_LOOP": "uvloop"}
            calls.append(replace(peer, label=f"{peer.label}, uvloop", environment=loops))
    floor = Peer(FLOOR, sys.executable, "peer_floor.py")
    alone = [peer for peer in calls if peer.environment["PEER_CLIENT"] in ("async", "sync")]
    many = [peer for peer in calls if peer.environment["PEER_CLIENT"] != "sync"]
    results = {
        "W1 asyncio": measure([floor, *alone], "W1", count=1000, turns=turns),
        "W12": measure([replace(floor, arguments=("pipelined",)), *many], "W12", count=1280, turns=turns),
    }
    show("W1 on asyncio: add(2, 3); clients to methods", results["W1 asyncio"])
    show("W12: 64 calls add(2, 3) in flight on one connection", results["W12"])
    return results


def everything(turns: int) -> dict[str, dict[str, float]]:
    """Measure and print the native side; gives the medians."""
    peers = contestants()
    plan = {
        "W1": ("W1: add(2, 3)", 2000),
        "W2a": ("W2a: echo of a dict with 30 fields, about 1 KB", 500),
        "W2b": ("W2b: echo of a list of 1,000 small dicts", 5),
    }
    results = {}
    for workload, (title, count) in plan.items():
        results[workload] = measure(peers, workload, count=count, turns=turns)
        show(title, results[workload])
    results["W6"] = measure(peers[1:], "W6", count=5, turns=turns)
    show("W6: a stream of 1,000 small items", results["W6"])
    results["imports"] = imports(turns)
    show_imports(results["imports"])
    return results


if __name__ == "__main__":
    sys.exit(main())
