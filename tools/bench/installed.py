"""What an installation brings: distributions, megabytes, licence and Pythons, as their metadata tell."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from peers import rivals_python, stock_python

_FACTS = """
import importlib.metadata as metadata, json, re, sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

def needed(name, found):
    '''A distribution and all that it needs without extras, as far as that is installed here.'''
    try:
        dist = metadata.distribution(name)
    except metadata.PackageNotFoundError:  # for other Pythons than this one
        return
    key = re.sub("[-_.]+", "-", dist.metadata["Name"]).lower()
    if key not in found:
        found[key] = dist
        for requirement in dist.requires or ():
            if "extra ==" not in requirement:
                needed(re.match("[A-Za-z0-9._-]+", requirement)[0], found)

def size(dist):
    '''Bytes of its files, without bytecode.'''
    origin = json.loads(dist.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        files = (Path(url2pathname(urlsplit(origin["url"]).path)) / "src").rglob("*")
    else:
        files = map(dist.locate_file, dist.files)
    files = [Path(file) for file in files]
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file())

found = {}
needed(sys.argv[1], found)
about = metadata.distribution(sys.argv[1]).metadata
print(json.dumps({
    "version": about["Version"],
    "license": about["License-Expression"] or about["License"],
    "python": about["Requires-Python"],
    "distributions": sorted(found),
    "bytes": sum(map(size, found.values())),
}))
"""


def measure() -> dict[str, dict[str, Any]]:
    """The facts of each system."""
    stock, rivals = stock_python(), rivals_python()
    places = {
        "ours, a client": (sys.executable, "pyro-client"),
        "ours, a server": (sys.executable, "pyro-server"),
        "ours, with name server": (sys.executable, "pyro-nameserver"),
        "Pyro4": (stock, "Pyro4"),
        "Pyro5": (stock, "Pyro5"),
        "RPyC": (rivals, "rpyc"),
        "gRPC": (rivals, "grpcio"),
    }
    return {label: _facts(python, name) for label, (python, name) in places.items()}


def _facts(python: str, name: str) -> dict[str, Any]:
    environment = dict(os.environ)
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-c", _FACTS, name], env=environment, capture_output=True, text=True, check=True
    )
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def show(facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print them."""
    print(f"\ninstalled: what an installation brings\n{'':32}{'version':>12}{'MB':>9}  distributions")
    for label, fact in facts.items():
        size = f"{fact['bytes'] / 1e6:.2f}"
        print(f"{label:32}{fact['version']:>12}{size:>9}  {', '.join(fact['distributions'])}")
