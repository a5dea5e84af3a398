"""How the cost of a call grows: with its payload, idle connections, registered objects and registered names.

Usage: python tools/bench/curves.py measure FILE [--quick]  (a JSON file; takes half a minute)
       python tools/bench/curves.py draw FILE FOLDER        (needs matplotlib; writes SVG pictures)
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TURNS = 5
QUICK = 2
"""Sizes of each kind that a quick look takes."""
PAYLOADS = [4**power for power in range(14)]  # 1 byte to 64 MiB
CONNECTIONS = [1, 10, 100, 300, 1000]
REGISTERED = [1, 10, 100, 1_000, 10_000, 100_000]
TITLES = {
    "payload": ("Echo of binary data", "bytes", "us, there and back"),
    "connections": ("The smallest call, beside idle connections", "idle connections", "us"),
    "objects": ("The smallest call, beside other registered objects", "registered objects", "us"),
    "names": ("Lookup of a name, beside others", "registered names", "us"),
}
Curve = list[tuple[int, float]]


def seconds(call: Callable[[], object], least_s: float = 0.05) -> float:
    """Median seconds that a call takes."""
    call()
    taken = []
    for _ in range(TURNS):
        count, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < least_s:
            call()
            count += 1
        taken.append(passed / max(count, 1))
    return statistics.median(taken)


@contextmanager
def serving(kind: str, *arguments: str) -> Iterator[str]:
    """A server of ours in another process; gives what it prints when it is ready."""
    command = [sys.executable, __file__, "serve", kind, *arguments]
    environment = {**os.environ, "PYRO_SERIALIZER": "msgpack"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def serve(kind: str, number: int) -> None:
    """Be that server, with so many objects or names; until it is ended."""
    import workloads

    from pyro_server import Daemon, expose

    if kind == "names":
        from pyro_core.settings import NameServerSettings
        from pyro_nameserver import NameServer

        settings = NameServerSettings(host="127.0.0.1", port=0, broadcast=False)
        with NameServer(settings) as nameserver:
            print(nameserver.uri, flush=True)
            nameserver.serve()
        return
    with Daemon() as daemon:
        service = expose(workloads.Service)
        uri = daemon.register(service(), "service")
        for other in range(number - 1):
            daemon.register(service(), f"other{other}")
        print(uri, flush=True)
        daemon.request_loop()


def measured(most: int) -> dict[str, Curve]:
    """All curves, of so many sizes at most."""
    from pyro_client import Proxy

    found: dict[str, Curve] = {title: [] for title in TITLES}
    with serving("objects", "1") as uri, ExitStack() as stack:
        proxy = stack.enter_context(Proxy(uri))
        for size in PAYLOADS[:most]:
            found["payload"].append((size, seconds(partial(proxy.echo, bytes(size))) * 1e6))
        idle = 0
        for number in CONNECTIONS[:most]:
            for _ in range(number - idle):
                stack.enter_context(Proxy(uri)).add(1, 2)
            idle = number
            found["connections"].append((number, seconds(partial(proxy.add, 2, 3)) * 1e6))
    for number in REGISTERED[:most]:
        with serving("objects", str(number)) as uri, Proxy(uri) as proxy:
            found["objects"].append((number, seconds(partial(proxy.add, 2, 3)) * 1e6))
    with serving("names", "1") as uri, Proxy(uri) as nameserver:
        there = 0
        for number in REGISTERED[:most]:
            for other in range(there, number):
                nameserver.register(f"name.{other:06}", uri)
            there = number
            wanted = f"name.{number // 2:06}"
            found["names"].append((number, seconds(partial(nameserver.lookup, wanted)) * 1e6))
    return found


def draw(curves: dict[str, Curve], folder: Path) -> None:
    """Draw each curve as a picture."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "curves"  # the same picture for the same figures
    from matplotlib import pyplot

    folder.mkdir(parents=True, exist_ok=True)
    for name, curve in curves.items():
        title, across, up = TITLES[name]
        figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        sizes, costs = zip(*curve, strict=True)
        axes.plot(sizes, costs, marker="o", color="#2f6f8f")
        axes.set(title=title, xlabel=across, ylabel=up, xscale="log", ylim=(1, None))
        if name == "payload":
            axes.set_yscale("log")
        else:
            axes.set_ylim(0, 2 * max(costs))
        axes.grid(visible=True, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / f"cost-by-{name}.svg", metadata={"Date": None})
        pyplot.close(figure)


def main(arguments: list[str]) -> int:
    """Measure, draw, or be a server."""
    match arguments:
        case ["measure", file, *more]:
            found = measured(QUICK if more == ["--quick"] else len(PAYLOADS))
            Path(file).write_text(json.dumps(found, indent=1) + "\n", encoding="utf8")
        case ["draw", file, folder]:
            curves: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf8"))
            draw(
                {name: [(size, cost) for size, cost in curve] for name, curve in curves.items()}, Path(folder)
            )
        case ["serve", kind, number]:
            serve(kind, int(number))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
