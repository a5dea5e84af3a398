from pathlib import Path

import check_arrows
import pytest


def plant(root: Path, module: str, source: str) -> None:
    """Write one module, `pyro_core/net/sockets.py` style, into a made-up repository."""
    package = module.partition("/")[0].replace("_", "-")
    path = root / "packages" / package / "src" / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)


def violations(root: Path) -> list[str]:
    return [str(finding) for finding in check_arrows.find_violations(list(check_arrows.read_modules(root)))]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("pyro_core/uri.py", "import pyro_client", id="core imports nothing of ours"),
        pytest.param("pyro_client/proxy.py", "from pyro_server.daemon import Daemon", id="client to server"),
        pytest.param("pyro_server/daemon.py", "import pyro_client.proxy as p", id="server to client"),
        pytest.param(
            "pyro_server/daemon.py", "import pyro_serializers.json", id="nobody imports serializers"
        ),
        pytest.param(
            "pyro_nameserver/service.py", "from pyro_cli import main", id="only commands import cli"
        ),
        pytest.param("pyro_core/commands.py", "from pyro_cli import main", id="the core has no commands"),
        pytest.param("pyro_cli/main.py", "import pyro_client", id="cli imports core only"),
        pytest.param("pyro_core/events.py", "import socket", id="socket in the core"),
        pytest.param("pyro_core/wire/v48.py", "from asyncio import sleep", id="asyncio below the core"),
        pytest.param("pyro_core/plans.py", "from .net import sockets", id="core to its own I/O, relative"),
        pytest.param("pyro_core/wire/v48.py", "from .. import net", id="core to its own I/O, two up"),
        pytest.param("pyro_core/__init__.py", "from . import net", id="core to its own I/O, from the top"),
        pytest.param("pyro_client/proxy.py", "import click", id="click outside commands"),
        pytest.param("pyro_surprise/core.py", "", id="package without a line in the table"),
        pytest.param(
            "pyro_client/proxy.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pyro_server import Daemon",
            id="type checking only",
        ),
        pytest.param("pyro_client/proxy.py", "def f():\n    import pyro_server", id="inside a function"),
        pytest.param(
            "pyro_client/proxy.py",
            "import importlib\nimportlib.import_module('pyro_server.daemon')",
            id="import_module with a literal name",
        ),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, source: str) -> None:
    plant(tmp_path, module, source)
    (found,) = violations(tmp_path)
    assert found.startswith(f"packages/{module.partition('/')[0].replace('_', '-')}/src/{module}:")
    assert check_arrows.main([str(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("pyro_core/net/sockets.py", "import socket, ssl, selectors", id="I/O in net"),
        pytest.param("pyro_core/testing/clock.py", "import threading", id="threads in testing"),
        pytest.param("pyro_core/net/tls.py", "from . import sockets", id="net to net"),
        pytest.param("pyro_core/network.py", "import pyro_core.network_names", id="only begins like net"),
        pytest.param(
            "pyro_client/net.py", "import socket\nfrom pyro_core import uri", id="I/O in the client"
        ),
        pytest.param("pyro_client/commands.py", "import click", id="click in a commands module"),
        pytest.param("pyro_client/commands/call.py", "import click", id="click in a commands package"),
        pytest.param("pyro_client/commands/call.py", "import pyro_cli.output", id="what commands share"),
        pytest.param("pyro_cli/main.py", "import click, pyro_core.plugins", id="click in the cli"),
        pytest.param(
            "pyro_nameserver/service.py", "import pyro_client, pyro_server", id="name server to both"
        ),
    ],
)
def test_an_allowed_import_is_not_reported(tmp_path: Path, module: str, source: str) -> None:
    plant(tmp_path, module, source)
    assert violations(tmp_path) == []
    assert check_arrows.main([str(tmp_path)]) == 0


def test_the_line_of_the_import_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, "pyro_client/proxy.py", "import os\n\nimport pyro_server\n")
    assert violations(tmp_path) == [
        "packages/pyro-client/src/pyro_client/proxy.py:3: pyro_client must not import pyro_server"
    ]


def test_an_empty_tree_fails_rather_than_passing_unseen(tmp_path: Path) -> None:
    assert check_arrows.main([str(tmp_path)]) == 1


def test_long_modules_and_functions_are_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "    pass\n" * check_arrows.FUNCTION_LINES_MAX
    plant(tmp_path, "pyro_core/long.py", "def f():\n" + body + "\n" * check_arrows.MODULE_LINES_MAX)
    plant(tmp_path, "pyro_core/short.py", "def f():\n" + body.removeprefix("    pass\n"))
    assert check_arrows.main([str(tmp_path)]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning:")]
    assert [line.split("long.py:1: ")[1] for line in warnings] == [
        "661 lines (limit 600)",
        "f has 61 lines (limit 60)",
    ]
