"""What it costs to import the client."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from peers import rivals_python, stock_python
from tables import Reached

GOAL, FIRST = 5.0, 3.0


def measure(turns: int, *, others: bool = False) -> dict[str, float]:
    """Median CPU seconds that a new process needs to have the client at hand, bytecode being there.

    Args:
        turns: How often each is imported.
        others: Other systems than Pyro, too.
    """
    stock = stock_python()
    programs = {
        "import pyro_client": (sys.executable, "import pyro_client"),
        "from pyro_client import Proxy": (sys.executable, "from pyro_client import Proxy"),
        "the first Proxy": (sys.executable, "from pyro_client import Proxy; Proxy('PYRO:x@localhost:1')"),
        "import Pyro5.api": (stock, "import Pyro5.api"),
        "import Pyro4 (ours)": (sys.executable, "import Pyro4"),
        "import Pyro4 (stock)": (stock, "import Pyro4"),
    }
    if others:
        programs |= {f"import {name}": (rivals_python(), f"import {name}") for name in ("rpyc", "grpc")}
    taken: dict[str, list[float]] = {label: [] for label in programs}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        stock_environment = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
        for turn in range(turns + 1):  # the first one compiles
            for label, (python, code) in programs.items():
                timed = (
                    f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
                )
                done = subprocess.run(
                    [python, "-c", timed],
                    env=environment if python == sys.executable else stock_environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                if turn:
                    taken[label].append(float(done.stdout))
    return {label: statistics.median(times) for label, times in taken.items()}


def show(medians: Mapping[str, float]) -> list[Reached]:
    """Print what it costs to import the client; gives how the goals stand."""
    stock = medians["import Pyro5.api"]
    print(f"\nimports: processor time to import\n{'':32}{'ms':>11}{'beside Pyro5.api':>20}")
    for label, median in medians.items():
        print(f"{label:32}{median * 1e3:11.2f}{stock / median:12.1f} x as fast")
    speed = stock / medians["import pyro_client"]
    verdict = "met" if speed >= GOAL else "first rung" if speed >= FIRST else "missed"
    return [Reached("imports", "pyro_client : Pyro5.api", f"{speed:.1f} x as fast", f"{GOAL:.1f} x", verdict)]
