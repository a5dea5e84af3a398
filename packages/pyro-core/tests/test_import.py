"""Importing the core costs little, changes nothing, and fails for nobody."""

import os
import pkgutil
import subprocess
import sys

import pytest

import pyro_core
from pyro_core import errors, uri

EXPENSIVE = (
    "asyncio",
    "email",
    "hashlib",
    "http",
    "importlib.metadata",
    "logging",
    "multiprocessing",
    "ssl",
    "uuid",
)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(pyro_core.__path__, "pyro_core.")
    # What works with ssl or asyncio is imported by those who use it.
    if not module.name.startswith(("pyro_core.testing", "pyro_core.net.arriving", "pyro_core.net.tls"))
)

WATCH = """
import builtins, os, sys
before = set(sys.modules)
class Watched(dict):
    def _note(self, key):
        if str(key).startswith("PYRO"):
            raise SystemExit(f"read {key} at import")
    def __getitem__(self, key): self._note(key); return super().__getitem__(key)
    def get(self, key, default=None): self._note(key); return super().get(key, default)
    def items(self): raise SystemExit("read the environment at import")
    __iter__ = keys = values = items
os.environ = Watched(os.environ)
"""


def run(code: str, **environ: str) -> str:
    """Run code in a fresh interpreter; gives what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environ},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("modules", [["pyro_core"], MODULES], ids=["package", "every module"])
def test_importing_loads_nothing_expensive(modules: list[str]) -> None:
    loaded = run(
        f"{WATCH}\nimport {', '.join(modules)}\nprint(*sorted(set(sys.modules) - before))",
    ).split()
    assert set(modules) <= set(loaded)
    assert not set(EXPENSIVE) & set(loaded)


def test_the_package_alone_loads_none_of_its_modules() -> None:
    loaded = run(f"{WATCH}\nimport pyro_core\nprint(*sorted(set(sys.modules) - before))").split()
    assert [name for name in loaded if name.startswith("pyro_core.")] == ["pyro_core.__about__"]


def test_importing_ignores_variables_that_make_no_sense() -> None:
    run(
        f"import {', '.join(MODULES)}",
        PYRO_NO_SUCH_SETTING="1",
        PYRO_NS_PORT="not a number",
        PYRO_LOGLEVEL="DEBUG",
        PYRO_LOGFILE="{stderr}",
    )


def test_importing_leaves_logging_and_hooks_alone() -> None:
    run(
        "import logging, sys, threading, warnings, gc\n"
        "logging.getLogger().setLevel(33)\n"
        "state = lambda: (logging.root.level, logging.root.handlers, logging.root.manager.disable,\n"
        "    logging.getLogger('Pyro5').level, logging.getLogger('pyro_core').handlers, sys.excepthook,\n"
        "    threading.active_count(), warnings.filters[:], gc.isenabled())\n"
        "before = state()\n"
        f"import {', '.join(MODULES)}\n"
        "assert state() == before, (before, state())"
    )


@pytest.mark.parametrize("name", [name for name in pyro_core.__all__ if not name.startswith("_")])
def test_every_public_name_exists_and_comes_from_the_core(name: str) -> None:
    value = getattr(pyro_core, name)
    assert value.__name__ == name
    assert value.__module__.startswith("pyro_core.")
    assert getattr(pyro_core, name) is value


def test_public_names_are_the_ones_of_their_modules() -> None:
    assert pyro_core.URI is uri.URI
    assert pyro_core.TimeoutError is errors.TimeoutError
    assert set(pyro_core.__all__) <= set(dir(pyro_core))
    assert pyro_core.__version__


def test_all_errors_are_public() -> None:
    own = {
        name for name, value in vars(errors).items() if getattr(value, "__module__", "") == errors.__name__
    }
    own = {name for name in own if not name.startswith("_")}
    assert own <= set(pyro_core.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pyro_core' has no attribute 'Daemon'"):
        pyro_core.Daemon  # noqa: B018 - reading it is the test
