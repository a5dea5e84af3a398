"""Needs click, which only the command line brings; the server works without it."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyro_server import Daemon

click_testing = pytest.importorskip("click.testing")
pytest.importorskip("pyro_cli", reason="needs the extra 'cli'")


commands = pytest.importorskip("pyro_server.commands")

PROGRAM = """
from pyro_server import expose

@expose
class Shelf:
    def size(self):
        return 3

class Group:
    shelf = Shelf()

class Plain:
    def size(self):
        return 4

def made():
    return Shelf()
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs a command until it serves; gives its result and the daemon."""
    monkeypatch.setenv("PYROCLI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    daemons: list[Daemon] = []
    original = Daemon.request_loop

    def loop(self: Daemon, running: Any = lambda: True) -> None:
        daemons.append(self)
        threading.Timer(0.01, self.shutdown).start()
        original(self, running)

    monkeypatch.setattr(Daemon, "request_loop", loop)

    def running(*arguments: str, command: Any = commands.serve_echo) -> Any:
        result = click_testing.CliRunner().invoke(command, arguments)
        return result, (daemons or [None])[-1]

    return running


def test_it_says_where_the_echo_object_is(run: Any) -> None:
    result, daemon = run("--host", "127.0.0.1", "--verbose")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "Starting Pyro's built-in test echo server."
    assert "object name: test.echoserver" in lines
    assert f"echo uri = PYRO:test.echoserver@{daemon.location}" in lines
    assert lines[-1] == "echoserver running."
    assert daemon.objects["test.echoserver"].verbose


def test_it_can_be_quiet(run: Any) -> None:
    result, daemon = run("--quiet", "--verbose")
    assert result.output == ""
    assert not daemon.objects["test.echoserver"].verbose


def test_wrong_options_are_told(run: Any) -> None:
    result, daemon = run("--port", "70000")
    assert result.exit_code == 2
    assert daemon is None


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[str]:
    """Name of a module in the current folder."""
    name = f"shelf_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(PROGRAM)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("path", "object_id"), [("Shelf", "Shelf"), ("Group.shelf", "shelf"), ("made", "made")]
)
def test_a_class_an_object_and_what_a_function_makes_can_be_served(
    run: Any, shelf: str, path: str, object_id: str
) -> None:
    result, daemon = run(f"{shelf}:{path}", "--no-ns", "--host", "127.0.0.1", command=commands.serve_object)
    assert result.exit_code == 0, result.output
    assert f"uri = PYRO:{object_id}@{daemon.location}" in result.output
    assert result.output.endswith("Pyro daemon running.\n")


def test_name_members_and_address_can_be_chosen(run: Any, shelf: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    options = ["--no-ns", "--name", "x", "--expose", "size", "--unixsocket", path, "--quiet"]
    result, daemon = run(f"{shelf}:Plain", *options, command=commands.serve_object)
    assert (result.exit_code, result.output) == (0, "")
    assert "x" in daemon.objects
    assert daemon.location == f"./u:{path}"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("{}:Plain", "exposes nothing: mark its class or methods with @expose, or name them with --expose"),
        ("{}:Nothing", "has no 'Nothing'; it has Group, Plain, Shelf"),
        ("{}", "expected MODULE:OBJECT such as shop:Warehouse"),
        ("no_such_module:x", "no module 'no_such_module' here or among the installed ones"),
    ],
)
def test_what_cannot_be_served_is_told(run: Any, shelf: str, spec: str, text: str) -> None:
    result, daemon = run(spec.format(shelf), "--no-ns", command=commands.serve_object)
    assert result.exit_code == 2
    assert text in " ".join(result.output.split())
    assert daemon is None


def test_a_mistake_in_the_module_is_not_hidden(run: Any, tmp_path: Path) -> None:
    (tmp_path / "needs_more.py").write_text("import a_module_that_is_not_installed")
    result, _ = run("needs_more:x", command=commands.serve_object)
    assert isinstance(result.exception, ModuleNotFoundError)


def test_settings_come_from_the_context(run: Any, shelf: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "contexts.toml").write_text('current = "a"\n[contexts.a.server]\nhost = "127.0.0.1"\n')
    _, daemon = run(f"{shelf}:Shelf", "--no-ns", command=commands.serve_object)
    assert daemon.location.startswith("127.0.0.1:")
