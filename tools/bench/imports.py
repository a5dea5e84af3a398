"""What it costs to import the client."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from peers import stock_python


def measure(turns: int) -> dict[str, float]:
    """Median CPU seconds that a new process needs to have the client at hand, bytecode being there."""
    stock = stock_python()
    programs = {
        "import pyro_client": (sys.executable, "import pyro_client"),
        "from pyro_client import Proxy": (sys.executable, "from pyro_client import Proxy"),
        "the first Proxy": (sys.executable, "from pyro_client import Proxy; Proxy('PYRO:x@localhost:1')"),
        "import Pyro5.api": (stock, "import Pyro5.api"),
        "import Pyro4 (ours)": (sys.executable, "import Pyro4"),
        "import Pyro4 (stock)": (stock, "import Pyro4"),
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


def show(medians: Mapping[str, float]) -> None:
    """Print what it costs to import the client."""
    stock = medians["import Pyro5.api"]
    print(f"\nImporting the client\n{'':32}{'ms':>8}{'x Pyro5':>20}")
    for label, median in medians.items():
        print(f"{label:32}{median * 1e3:8.2f}{stock / median:12.1f} x faster")
