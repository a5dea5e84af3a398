"""Build every package and check what a user gets from it.

For each package: build the sdist, build the wheel from that sdist, look into the wheel, install it alone
into an empty environment, compare what came along with CLOSURES, and import every module and entry point.
These may ask for something that is not installed only when the package has extras; then everything must
load in a second environment with all of them.

Our own packages come from the files just built, everything else from the package index.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).resolve().parent / "wheel_probe.py"
SERIALIZING = frozenset({"pyro-core", "pyro-serializers", "serpent"})

# What `pip install NAME` brings besides NAME. Each line is a promise to users: a longer one is a decision.
CLOSURES: dict[str, frozenset[str]] = {
    "pyro-core": frozenset(),
    "pyro-serializers": frozenset({"pyro-core", "serpent"}),
    "pyro-client": SERIALIZING,
    "pyro-server": SERIALIZING,
    "pyro-nameserver": SERIALIZING | {"pyro-client", "pyro-server", "pyro-cli", "click"},
    "pyro-flame": SERIALIZING | {"pyro-client", "pyro-server"},
    "pyro-http": SERIALIZING
    | {"pyro-client", "pyro-server", "pyro-cli", "click"}
    | {"starlette", "anyio", "idna", "uvicorn", "h11", "httptools", "websockets"}
    | ({"typing-extensions"} if sys.version_info < (3, 13) else set()),
    "pyro-observe": frozenset({"pyro-core"}),
    "pyro-cli": frozenset({"pyro-core", "click"}),
    "pyro4-compat": SERIALIZING
    | {"pyro-client", "pyro-server", "pyro-nameserver", "pyro-flame", "pyro-cli", "click"},
}


class CheckError(Exception):
    """A package is not what it should be."""


@dataclass(frozen=True)
class Wheel:
    """One built wheel and what it says about itself."""

    path: Path
    name: str
    import_names: frozenset[str]
    files: frozenset[str]
    extras: tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """A virtual environment for one check."""

    python: Path
    distributions: frozenset[str]


def run(*command: str | Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a command and return its output.

    Args:
        command: The program and its arguments.
        environ: Variables to set beside those of this process.

    Raises:
        CheckError: If it fails; the text is the command and what it printed.
    """
    variables = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    variables.update(environ or {})
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=variables, check=False)
    if done.returncode:
        raise CheckError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def build(package: Path, dist: Path, environ: Mapping[str, str] | None = None) -> Wheel:
    """Build sdist and wheel of the package in a folder, below a folder of its name."""
    out = dist / package.name
    options = ("--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", out)
    run("uv", "build", *options, package, environ=environ)
    if not list(out.glob("*.tar.gz")):
        raise CheckError("no sdist was built")
    (path,) = out.glob("*.whl")
    return describe(path)


def describe(path: Path) -> Wheel:
    """Read what a built wheel says about itself."""
    with zipfile.ZipFile(path) as archive:
        files = frozenset(archive.namelist())
        (info,) = {name.partition("/")[0] for name in files if ".dist-info/" in name}
        metadata = importlib.metadata.PathDistribution(zipfile.Path(archive, f"{info}/")).metadata
    import_names = frozenset(name.partition("/")[0] for name in files) - {info}
    extras = tuple(metadata.get_all("Provides-Extra") or ())
    return Wheel(path, metadata["Name"], import_names, files, extras)


def check_content(wheel: Wheel) -> None:
    """Check that a wheel holds one typed package and the licence."""
    if len(wheel.import_names) != 1:
        raise CheckError(f"the wheel must hold one package, it holds {sorted(wheel.import_names)}")
    (import_name,) = wheel.import_names
    if f"{import_name}/py.typed" not in wheel.files:
        raise CheckError("py.typed is missing from the wheel")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.files):
        raise CheckError("the licence is missing from the wheel")


def install(wheel: Wheel, extras: tuple[str, ...], folder: Path, constraints: Path) -> Environment:
    """Install a wheel and what it declares into a new, empty environment."""
    run("uv", "venv", "--quiet", "--python", sys.executable, folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = f"{wheel.name}[{','.join(extras)}] @ {wheel.path.as_uri()}"
    run("uv", "pip", "install", "--quiet", "--python", python, "--constraint", constraints, wanted)
    listed = json.loads(run("uv", "pip", "list", "--python", python, "--format", "json"))
    return Environment(python, frozenset(item["name"].lower() for item in listed))


def probe(wheel: Wheel, environment: Environment) -> dict[str, str]:
    """Import everything in the wheel; return what asked for a module that is not installed."""
    (import_name,) = wheel.import_names
    result = json.loads(run(environment.python, "-I", PROBE, wheel.name, import_name))
    if result["broken"]:
        raise CheckError("\n".join(f"{what}: {error}" for what, error in result["broken"].items()))
    missing: dict[str, str] = result["missing"]
    if import_name in missing:
        raise CheckError(f"`import {import_name}` needs {missing[import_name]}, which is not declared")
    return missing


def check_wheel(wheel: Wheel, folder: Path, constraints: Path) -> Iterator[str]:
    """Check one wheel and yield a line for each thing found to be right."""
    check_content(wheel)
    if wheel.name not in CLOSURES:
        raise CheckError(f"{wheel.name} has no line in CLOSURES ({Path(__file__).name})")
    expected = CLOSURES[wheel.name] | {wheel.name}
    alone = install(wheel, (), folder / "alone", constraints)
    if alone.distributions != expected:
        raise CheckError(f"installs {sorted(alone.distributions)}, expected {sorted(expected)}")
    yield f"alone: brings {', '.join(sorted(expected - {wheel.name})) or 'nothing else'}"
    missing = probe(wheel, alone)
    if wheel.extras:
        missing = probe(wheel, install(wheel, wheel.extras, folder / "extras", constraints))
    if missing:
        lines = (f"{what} needs {name}, which is not declared" for what, name in missing.items())
        raise CheckError("\n".join(lines))
    yield f"everything loads with [{','.join(wheel.extras)}]" if wheel.extras else "everything loads"


def check_all(packages: list[Path], work: Path) -> int:
    """Build and check the packages, print a line for each, and return how many failed."""

    def check(wheel: Wheel) -> str | CheckError:
        try:
            return "; ".join(check_wheel(wheel, work / wheel.name, constraints))
        except CheckError as error:
            return error

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wheels = list(pool.map(lambda package: build(package, work / "dist"), packages))
        # Ours come from here even when an index has a package of the same name.
        constraints = work / "constraints.txt"
        constraints.write_text("".join(f"{wheel.name} @ {wheel.path.as_uri()}\n" for wheel in wheels))
        for wheel, result in zip(wheels, pool.map(check, wheels), strict=True):
            failed += isinstance(result, CheckError)
            text = f"FAILED\n{indent(str(result), '    ')}" if isinstance(result, CheckError) else result
            print(f"{wheel.path.name}: {text}", flush=True)
    return failed


def main() -> int:
    """Check every package; return the exit status."""
    packages = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
    with tempfile.TemporaryDirectory(prefix="pyro-wheels-") as work:
        try:
            failed = check_all(packages, Path(work))
        except CheckError as error:
            print(f"cannot build: {error}")
            return 1
    print(f"{len(packages)} wheels checked, {failed} failed")
    return 1 if failed or not packages else 0


if __name__ == "__main__":
    sys.exit(main())
