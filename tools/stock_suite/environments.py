"""The virtual environment that the suite runs in, with one implementation of the module Pyro4."""

import os
from dataclasses import dataclass
from pathlib import Path

from stock_suite.commands import run, uv
from stock_suite.problems import SuiteError, UnavailableError
from stock_suite.sdist import REQUIREMENT

ROOT = Path(__file__).resolve().parents[2]
RUNNERS = ("pytest>=8.4", "pytest-timeout>=2.3")
# Which distribution must have brought the module Pyro4.
DISTRIBUTION = {"facade": "pyro4-compat", "stock": "Pyro4"}
OURS = {
    "pyro-core": "",
    "pyro-serializers": "[msgpack,cloudpickle,dill]",
    "pyro-client": "",
    "pyro-server": "",
    "pyro-nameserver": "",
    "pyro-flame": "",
    "pyro-observe": "",
    "pyro-http": "",
    "pyro-cli": "",
    "pyro4-compat": "",
}
# Prints where Pyro4 would be imported from and which distributions brought it, without importing it.
_ORIGIN = """
import importlib.metadata, importlib.util, sys
found = importlib.util.find_spec("Pyro4")
print(found.origin if found else "")
print(sys.prefix)
print(*sorted(set(importlib.metadata.packages_distributions().get("Pyro4", []))))
"""


@dataclass(frozen=True)
class Environment:
    """An environment that is ready.

    Attributes:
        python: Its interpreter.
        origin: The file that ``import Pyro4`` reads in it.
        version: Version of Python.
    """

    python: Path
    origin: Path
    version: str


def require(implementation: str) -> None:
    """Check that this checkout has the packages of an implementation.

    Raises:
        SuiteError: If one is missing.
    """
    if implementation == "facade":
        for name in OURS:
            if not (ROOT / "packages" / name).is_dir():
                raise SuiteError(f"packages/{name} is not here; without it only --implementation stock works")


def prepare(folder: Path, implementation: str, python: str) -> Environment:
    """Make the environment in a folder, or bring the one that is there up to date.

    Args:
        folder: Where it is, or will be.
        implementation: "facade", as in this checkout, or "stock".
        python: Interpreter to make it from: a path, or a version that uv finds.

    Raises:
        UnavailableError: If the package index cannot be had.
        SuiteError: If our packages cannot be installed, or Pyro4 is not the one that was asked for.
    """
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not inside.exists():
        run([*uv(), "venv", "--quiet", "--python", python, str(folder)])
    install = [*uv(), "pip", "install", "--quiet", "--python", str(inside)]
    stock = [REQUIREMENT, "serpent", "msgpack", "cloudpickle", "dill"] if implementation == "stock" else []
    try:
        run([*install, *RUNNERS, *stock])
    except SuiteError as error:
        raise UnavailableError(f"cannot install from the package index: {error}") from error
    if implementation == "facade":
        run([*install, *_ours()])
    version = run([str(inside), "-c", "import platform; print(platform.python_version())"]).strip()
    return Environment(inside, _origin(inside, DISTRIBUTION[implementation]), version)


def _ours() -> list[str]:
    arguments = []
    for name, extras in OURS.items():
        path = ROOT / "packages" / name
        # uv would take an earlier build of the same folder: it does not look at the sources.
        arguments += ["--reinstall-package", name, f"{name}{extras} @ {path.as_uri()}"]
    return arguments


def _origin(python: Path, distribution: str) -> Path:
    origin, prefix, brought_by = run([str(python), "-I", "-c", _ORIGIN]).split("\n")[:3]
    if brought_by != distribution or not Path(origin).is_relative_to(prefix):
        raise SuiteError(
            f"`import Pyro4` would read {origin or 'nothing'}, brought by {brought_by or 'no distribution'}; "
            f"expected a file under {prefix}, brought by {distribution}"
        )
    return Path(origin)
