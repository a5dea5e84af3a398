"""Install what was built, as users would, and run things with it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import check_wheels
import default_environment

from release import bill_of_materials
from release.building import Built
from release.problem import ReleaseError

# Where wheels can go wrong and the sources do not: entry points, extras, data files, what is imported when.
# Small, quick, and without servers of others.
TESTS = (
    "tests-integration/test_readme.py",
    "tests-integration/test_plugins.py",
    "tests-integration/test_command_line.py",
    "tests-integration/test_async_naming.py",
    "tests-integration/test_calls_on_the_loop.py",
    "tests-integration/test_results_that_are_kept.py",
)
ALL_TESTS = ("tests-integration", "packages")


def constraints(built: Mapping[str, Built], work: Path) -> Path:
    """A file that makes our packages come from what was built, also where an index has some of that name."""
    path = work / "constraints.txt"
    path.write_text("".join(f"{name} @ {one.wheel.as_uri()}\n" for name, one in sorted(built.items())))
    return path


def check_alone(built: Built, limits: Path, work: Path) -> str:
    """Install a wheel into empty environments, without and with its extras, and import everything.

    The environments stay in ``work``, as ``alone`` and, if there are extras, ``extras``.

    Returns:
        What was found to be right.

    Raises:
        ReleaseError: If it brings something else than it should, or cannot be imported.
    """
    try:
        return "; ".join(check_wheels.check_wheel(check_wheels.describe(built.wheel), work, limits))
    except check_wheels.CheckError as error:
        raise ReleaseError(f"{built.wheel.name}: {error}") from error


def write_bill(built: Built, work: Path, out: Path) -> Path:
    """Write the bill of materials of a wheel that ``check_alone`` has installed in ``work``.

    Raises:
        ReleaseError: If it does not keep to the specification.
    """
    name = check_wheels.describe(built.wheel).name
    alone = bill_of_materials.installed(interpreter(work / "alone"))
    extras = work / "extras"
    everything = bill_of_materials.installed(interpreter(extras)) if extras.exists() else alone
    text = bill_of_materials.compose(built.wheel, name, everything, frozenset(alone))
    bill_of_materials.validate(text)
    path = out / f"{built.wheel.name}.cdx.json"
    path.write_text(text, encoding="utf8")
    return path


def interpreter(environment: Path) -> Path:
    """The Python of an environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment(root: Path, built: Mapping[str, Built], limits: Path, folder: Path) -> Path:
    """Make an environment like the everyday one, with built wheels in place of the sources; gives its Python.

    Raises:
        ReleaseError: If it cannot be made, or a package comes from somewhere else.
    """
    wanted = default_environment.read(root)
    ours = [f"{one.name}{one.suffix} @ {built[one.name].wheel.as_uri()}" for one in wanted.members]
    python = interpreter(folder)
    try:
        check_wheels.run("uv", "venv", "--quiet", "--python", sys.executable, folder)
        install = ("uv", "pip", "install", "--quiet", "--python", python, "--constraint", limits)
        check_wheels.run(*install, *ours, *wanted.dependencies)
        listed = json.loads(check_wheels.run("uv", "pip", "list", "--python", python, "--format", "json"))
    except check_wheels.CheckError as error:
        raise ReleaseError(f"the wheels cannot be installed together: {error}") from error
    editable = [one["name"] for one in listed if "editable_project_location" in one]
    missing = set(built) - {one["name"] for one in listed}
    if editable or missing:
        raise ReleaseError(f"not installed as wheels: {', '.join(sorted(missing.union(editable)))}")
    return python


def run_tests(root: Path, python: Path, arguments: Iterable[str]) -> str:
    """Run tests of a working copy in an environment; gives the last line of pytest.

    Raises:
        ReleaseError: If a test fails; all that pytest printed is in the text.
    """
    left_out = {"PYTHONPATH", "VIRTUAL_ENV"}
    variables = {name: value for name, value in os.environ.items() if name not in left_out}
    # Commands of the packages are looked for on PATH.
    variables["PATH"] = f"{python.parent}{os.pathsep}{variables.get('PATH', os.defpath)}"
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"tests fail with the wheels:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout.rstrip().rpartition("\n")[2]
