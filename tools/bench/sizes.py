"""What a proxy and a registered object take of a process's memory, ours and stock's."""

import os
import subprocess
import sys
from collections.abc import Mapping

from peers import stock_python

COUNT = 10_000
_MEASURED = """
import gc, os
def kept():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
{prepare}
things = [{make} for number in range(100)]
before = kept()
things += [{make} for number in range({count})]
print((kept() - before) / {count})
"""
_THING = "class Thing:\n    def add(self, a, b): return a + b\n"
PROGRAMS = {
    "a proxy": {
        "ours": ("from pyro_client import Proxy", "Proxy(f'PYRO:x{number}@localhost:1')"),
        "Pyro5": ("from Pyro5.api import Proxy", "Proxy(f'PYRO:x{number}@localhost:1')"),
    },
    "a registered object": {
        "ours": (
            f"from pyro_server import Daemon, expose\n{_THING}expose(Thing)\ndaemon = Daemon()",
            "daemon.register(Thing())",
        ),
        "Pyro5": (
            f"from Pyro5.api import Daemon, expose\n{_THING}expose(Thing)\ndaemon = Daemon()",
            "daemon.register(Thing())",
        ),
    },
}


def measure() -> dict[str, float]:
    """Bytes of each; nothing where the system does not tell."""
    if not os.path.exists("/proc/self/statm"):
        return {}
    found = {}
    pythons = {"ours": sys.executable, "Pyro5": stock_python()}
    for what, programs in PROGRAMS.items():
        for whose, (prepare, make) in programs.items():
            code = _MEASURED.format(prepare=prepare, make=make, count=COUNT)
            environment = dict(os.environ)
            if whose != "ours":
                environment.pop("PYTHONPATH", None)
            done = subprocess.run(
                [pythons[whose], "-c", code], env=environment, capture_output=True, text=True, check=True
            )
            found[f"{what}, {whose}"] = float(done.stdout)
    return found


def show(found: Mapping[str, float]) -> None:
    """Print them."""
    print(f"\nsizes: memory of one among {COUNT:,}\n{'':32}{'bytes':>11}")
    for label, size in found.items():
        print(f"{label:32}{size:11,.0f}")
