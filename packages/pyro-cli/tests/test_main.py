"""The command line as a whole: finding commands, reporting errors."""

import subprocess
import sys

import click
import pytest

from pyro_cli import exit_codes
from pyro_cli.main import cli, main
from pyro_core import plugins
from pyro_core.errors import NameNotFound, PyroError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A registry of commands with one that raises whatever ``raises`` of its callback says."""
    registry = plugins.Registry("pyro.commands", {})

    @click.command()
    @click.argument("kind")
    def fail(kind: str) -> None:
        """Fail on purpose."""
        if kind == "naming":
            raise NameNotFound("x", ["y"])
        if kind == "remote":
            error = ValueError("bad\nvalue")
            error._pyroTraceback = ["Traceback of the other side\n"]  # type: ignore[attr-defined]
            raise error
        if kind == "interrupt":
            raise KeyboardInterrupt
        raise ZeroDivisionError("a bug of ours")

    registry.register("fail", fail)
    registry.register("nonsense", object())
    monkeypatch.setattr(plugins, "commands", lambda: registry)
    return monkeypatch


@pytest.mark.usefixtures("failing")
def test_an_error_is_one_line_that_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fail", "naming"]) == exit_codes.NOT_FOUND
    assert capsys.readouterr().err == "Error: NameNotFound: unknown name: x; did you mean 'y'?\n"


@pytest.mark.usefixtures("failing")
def test_a_remote_exception_is_one_line_too_and_whole_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fail", "remote"]) == exit_codes.REMOTE
    assert capsys.readouterr().err == (
        "Error: remote ValueError: bad value; 'pyro-cli --traceback' shows the remote traceback\n"
    )
    assert main(["--traceback", "fail", "remote"]) == exit_codes.REMOTE
    assert "Traceback of the other side" in capsys.readouterr().err


@pytest.mark.usefixtures("failing")
def test_ctrl_c_has_the_usual_code() -> None:
    assert main(["fail", "interrupt"]) == exit_codes.INTERRUPTED


@pytest.mark.usefixtures("failing")
def test_a_bug_is_not_dressed_up_as_an_error_of_the_user() -> None:
    with pytest.raises(ZeroDivisionError):
        main(["fail", "bug"])


@pytest.mark.usefixtures("failing")
def test_wrong_usage_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fail"]) == exit_codes.USAGE
    assert main(["no-such-command"]) == exit_codes.USAGE
    assert "No such command" in capsys.readouterr().err


@pytest.mark.usefixtures("failing")
def test_a_plugin_that_is_no_command_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == exit_codes.PLUGIN
    assert "expected a click command" in capsys.readouterr().err
    assert main(["--help"]) == exit_codes.OK
    assert "cannot be loaded" in capsys.readouterr().out


def test_every_installed_command_can_be_loaded_and_has_help() -> None:
    with click.Context(cli) as context:
        for name in cli.list_commands(context):
            command = cli.get_command(context, name)
            assert command is not None
            assert command.get_short_help_str()


def test_looking_at_the_version_imports_no_other_commands() -> None:
    code = (
        "import sys; from pyro_cli.main import main; main(['version']);"
        "others = ('pyro_client', 'pyro_server', 'pyro_nameserver');"
        "print([name for name in others if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_an_error_of_the_system_is_never_shown_as_a_traceback(
    failing: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = plugins.commands()

    @click.command()
    def plain() -> None:
        """Fail plainly."""
        raise PyroError("something\nlong")

    registry.register("plain", plain)
    assert main(["plain"]) == exit_codes.FAILED
    assert capsys.readouterr().err == "Error: PyroError: something long\n"
