"""What a program pays that installs and imports the client alone."""

import sys
from pathlib import Path

import processes
import pytest
from stock_env import stock_python

HEAVY = [
    "asyncio",
    "ssl",
    "importlib.metadata",
    "logging",
    "serpent",
    "msgpack",
    "pyro_serializers",
    "pyro_server",
    "json",
]


def test_importing_the_client_pulls_in_nothing_that_it_does_not_need_yet() -> None:
    code = f"import sys, pyro_client; print([name for name in {HEAVY} if name in sys.modules])"
    assert processes.run([sys.executable, "-c", code]).stdout == "[]\n"


@pytest.mark.parametrize(
    "package",
    [
        "pyro_core",
        "pyro_client",
        "pyro_server",
        "pyro_nameserver",
        "pyro_serializers",
        "pyro_http",
        "pyro_flame",
        "pyro_observe",
        "pyro_cli",
    ],
)
def test_importing_has_no_side_effect_and_no_opinion_about_the_environment(package: str) -> None:
    """D11: logging stays as it was, and variables are looked at when they are used; with every module."""
    code = (
        "import importlib, logging, pkgutil, threading;"
        "before = (logging.root.level, list(logging.root.handlers));"
        f"import {package};"
        f"found = [module.name for module in pkgutil.walk_packages({package}.__path__, '{package}.')];"
        "wanted = [name for name in found if '.testing' not in name and '__main__' not in name];"
        "modules = [importlib.import_module(name) for name in wanted];"
        "assert modules;"
        "assert (logging.root.level, list(logging.root.handlers)) == before;"
        "assert threading.active_count() == 1"
    )
    env = {"PYRO_FOO": "1", "PYRO_COMMTIMEOUT": "soon", "PYRO_LOGLEVEL": "NONSENSE"}
    processes.run([sys.executable, "-W", "error", "-c", code], env=env)


def test_a_bad_setting_is_one_clear_error_when_it_is_used() -> None:
    """D11."""
    code = "from pyro_client import Proxy; Proxy('PYRO:x@localhost:1')._pyro.bind()"
    done = processes.run([sys.executable, "-c", code], env={"PYRO_COMMTIMEOUT": "soon"}, check=False)
    assert "SettingsError: environment variable PYRO_COMMTIMEOUT='soon' cannot be used" in done.stderr
    assert "number of seconds" in done.stderr.splitlines()[-1]


def _cpu_seconds(python: object, code: str, compiled: Path) -> float:
    """CPU time that a piece of code takes in a new process; the best of some, with its bytecode at hand."""
    program = f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
    env = {"PYTHONPYCACHEPREFIX": str(compiled), "PYTHONDONTWRITEBYTECODE": ""}
    return min(float(processes.run([str(python), "-c", program], env=env).stdout) for _ in range(7))


def test_the_client_is_imported_at_least_three_times_faster_than_stock_pyro5(tmp_path: Path) -> None:
    ours = _cpu_seconds(sys.executable, "import pyro_client", tmp_path)
    stock = _cpu_seconds(stock_python(), "import Pyro5.api", tmp_path)
    assert stock > 3 * ours, f"pyro_client takes {ours * 1000:.1f} ms, Pyro5.api {stock * 1000:.1f} ms"
