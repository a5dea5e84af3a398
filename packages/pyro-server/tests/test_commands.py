"""Needs click, which only the command line brings; the server works without it."""

import threading
from typing import Any

import pytest

from pyro_server import Daemon

click_testing = pytest.importorskip("click.testing")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command until it serves; gives its result and the daemon."""
    from pyro_server.commands import echo

    daemons: list[Daemon] = []
    original = Daemon.request_loop

    def loop(self: Daemon, running: Any = lambda: True) -> None:
        daemons.append(self)
        threading.Timer(0.01, self.shutdown).start()
        original(self, running)

    monkeypatch.setattr(Daemon, "request_loop", loop)

    def running(*arguments: str) -> Any:
        result = click_testing.CliRunner().invoke(echo, ["serve", *arguments])
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
