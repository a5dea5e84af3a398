"""Where the time of a workload goes: a flame graph and a table of functions of each side.

Usage: python tools/bench/flames.py W1a [--peer LABEL] [--seconds S] [--folder FOLDER]
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from shutil import which

import psutil
from peers import GRACE_S, OURS, Pair, contestants

SIDES = ("server", "client")
RATE_HZ = 500
ROWS = 20


def record(label: str, workload: str, seconds: float, form: str, files: list[Path]) -> None:
    """Run a workload for a while, with both sides under the profiler.

    Args:
        label: The contestant's.
        workload: Key of the workload.
        seconds: How long, at least.
        form: Of the files, as the profiler names it.
        files: What to write, for the server and for the client.

    Raises:
        SystemExit: If there is no profiler, or no such contestant or workload.
    """
    profiler = which("py-spy", path=str(Path(sys.executable).parent)) or which("py-spy")
    if profiler is None:
        raise SystemExit("py-spy is missing: run this with 'hatch run profile'")
    found = [peer for peer in contestants(others=False, quick=False) if peer.label == label]
    if not found:
        raise SystemExit(f"no such peer: {label!r}")
    command = [profiler, "record", "--rate", str(RATE_HZ), "--format", form, "--nonblocking", "--output"]
    server, client = ([*command, str(file), "--"] for file in files)
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(found[0], {0}, Path(folder), under=(server, client))
        try:
            count, ends = 1, time.monotonic() + seconds
            while time.monotonic() < ends:
                if pair.cost(workload, count) is None:
                    raise SystemExit(f"{label} cannot do {workload}")
                count = min(2 * count, 1000)
        finally:
            for profiled in reversed(pair.processes):
                below = psutil.Process(profiled.pid).children()
                for process in below:
                    process.terminate()  # not the profiler, which writes its file then
                profiled.communicate(timeout=GRACE_S)


def table(file: Path) -> None:
    """Print the functions that most of the samples are in, themselves and with what they call."""
    alone: Counter[str] = Counter()
    together: Counter[str] = Counter()
    for line in file.read_text(encoding="utf8").splitlines():
        stack, _, samples = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] or frame for frame in stack.split(";")]
        alone[frames[-1]] += int(samples)
        for frame in set(frames):
            together[frame] += int(samples)
    total = alone.total() or 1
    print(f"{'itself':>8}{'with callees':>14}  function")
    for frame, share in alone.most_common(ROWS):
        print(f"{share / total:8.1%}{together[frame] / total:14.1%}  {frame}")


def main() -> int:
    """Profile one workload."""
    parser = argparse.ArgumentParser(prog="profile", description="Flame graphs and tables of both sides.")
    parser.add_argument("workload", help="its key, such as W1a")
    parser.add_argument(
        "--peer", default=OURS, help="label of the contestant, as 'hatch run bench' prints it"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to look")
    parser.add_argument("--folder", type=Path, default=Path("profiles"), help="where to put the pictures")
    options = parser.parse_args()
    options.folder = options.folder.resolve()  # the processes run in folders of their own
    options.folder.mkdir(parents=True, exist_ok=True)
    pictures = [options.folder / f"{options.workload}-{side}.svg" for side in SIDES]
    with tempfile.TemporaryDirectory() as folder:
        stacks = [Path(folder, side) for side in SIDES]
        record(options.peer, options.workload, options.seconds, "flamegraph", pictures)
        record(options.peer, options.workload, options.seconds, "raw", stacks)
        for side, picture, stack in zip(SIDES, pictures, stacks, strict=True):
            print(f"\n{side} of {options.workload}, {options.peer}; the flame graph is {picture}")
            table(stack)
    return 0


if __name__ == "__main__":
    sys.exit(main())
