"""Running other programs."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which

from stock_suite.problems import SuiteError

LIMIT_S = 300
# Variables that would lead another interpreter back to this environment, or change how Pyro is set up.
NOT_PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def environment() -> dict[str, str]:
    """The variables for another program."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NOT_PASSED_ON and not name.startswith(("PYRO_", "HATCH_"))
    }


def uv() -> list[str]:
    """The command that starts uv.

    Raises:
        SuiteError: If there is none.
    """
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = which("uv", path=folders)
    if found is None:
        raise SuiteError("the program 'uv' is needed; use `hatch run stock-suite`, or install it")
    return [found]


def run(command: Sequence[str]) -> str:
    """Run a command and return what it wrote to standard output.

    Raises:
        SuiteError: If it fails or takes too long.
    """
    shown = " ".join(command)
    try:
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SuiteError(f"`{shown}` failed: {error}") from error
    if done.returncode:
        raise SuiteError(f"`{shown}` ended with {done.returncode}:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout
