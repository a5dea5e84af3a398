"""Where the stock systems are: a Python that has Pyro4 4.82 and Pyro5 5.17, and none of our packages.

They live in the environment ``stock`` of hatch.toml, which is made when a test first asks for it.
"""

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import psutil

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
OVERRIDE = "STOCK_PYTHON"
# Variables by which `hatch run` tells its children which environment they are in: not the one asked for here.
ACTIVE_ENVIRONMENT = (
    "HATCH_ENV",
    "HATCH_ENV_ACTIVE",
    "HATCH_PROJECT",
    "HATCH_PYTHON",
    "VIRTUAL_ENV",
    "PYTHONPATH",
)


class StockEnvironmentError(RuntimeError):
    """The environment with the stock systems could not be made."""


def stock_python() -> Path:
    """Return the interpreter of the environment with the stock systems, making it when necessary.

    The variable STOCK_PYTHON names another interpreter to use, with no questions asked of hatch.

    Raises:
        StockEnvironmentError: If hatch cannot be found or fails, or the stock systems cannot be imported.
            A second call repeats the error without trying again.
    """
    result = _find_stock_python()
    if isinstance(result, StockEnvironmentError):
        raise result
    return result


@functools.cache
def _find_stock_python() -> Path | StockEnvironmentError:
    try:
        chosen = os.environ.get(OVERRIDE)
        with _alone():
            python = Path(chosen) if chosen else _make_with_hatch()
        _run([str(python), "-c", "import Pyro4, Pyro5.api"])
    except StockEnvironmentError as error:
        return error
    return python


@functools.cache
def python_of(environment: str) -> Path:
    """The interpreter of an environment of hatch.toml, made when necessary.

    Raises:
        StockEnvironmentError: If it cannot be made.
    """
    with _alone():
        return _make_with_hatch(environment)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other test processes from making the environment at the same time."""
    if fcntl is None:
        yield
        return
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir()) / f"pyro-stock-{mark}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_with_hatch(environment: str = "stock") -> Path:
    hatch = _find_hatch()
    _run([*hatch, "env", "create", environment])
    folder = Path(_run([*hatch, "env", "find", environment]).strip())
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _find_hatch() -> list[str]:
    for command in _hatch_candidates():
        try:
            _run([*command, "--version"])
        except StockEnvironmentError:
            continue
        return command
    raise StockEnvironmentError(
        "cannot make the environment with the stock systems: hatch is not on PATH, not in this Python, "
        "and did not start this process; use `hatch run test`, "
        f"or set {OVERRIDE} to a Python that has Pyro4 and Pyro5"
    )


def _hatch_candidates() -> Iterator[list[str]]:
    if found := which("hatch", path=_environment()["PATH"]):
        yield [found]
    yield [sys.executable, "-m", "hatch"]
    # `/somewhere/bin/hatch run test` need not have put hatch on PATH: it is the process above this one.
    for parent in psutil.Process().parents():
        try:
            command = parent.cmdline()
        except psutil.Error:
            continue
        if len(command) > 1 and Path(command[1]).stem == "hatch":
            yield command[:2]
        elif command[1:3] == ["-m", "hatch"]:
            yield command[:3]


def _environment() -> dict[str, str]:
    """Return the environment variables as they were before `hatch run` or `activate`."""
    variables = {name: value for name, value in os.environ.items() if name not in ACTIVE_ENVIRONMENT}
    own = {Path(sys.executable).parent, Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin")}
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    variables["PATH"] = os.pathsep.join(folder for folder in folders if Path(folder) not in own)
    return variables


def _run(command: list[str]) -> str:
    """Run a command in the root folder and return what it wrote to standard output."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StockEnvironmentError(f"cannot make the environment with the stock systems: {error}") from error
    if done.returncode:
        raise StockEnvironmentError(
            f"cannot make the environment with the stock systems: `{' '.join(command)}` "
            f"ended with status {done.returncode}:\n{done.stdout}{done.stderr}".rstrip()
        )
    return done.stdout
